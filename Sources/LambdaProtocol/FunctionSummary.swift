/// What is known of a function that somebody serves, for lists.
package struct FunctionSummary: Sendable, Equatable {
    package var name: String
    /// The qualifier whose queue is served; `nil` for the function itself.
    package var qualifier: String?
    /// `$LATEST` or a number.
    package var version: String
    /// Without the qualifier.
    package var arn: String
    package var timeoutSeconds: Int
    package var memoryMegabytes: Int
    /// `x86_64`, `arm64`; of one of the containers.
    package var architecture: String
    /// When the youngest of its containers started.
    package var startedAt: EpochClock.Instant
    /// Containers that serve it.
    package var containerCount: Int
    /// Invocations that may run at a time in all of them, and how many more could have when they last said so.
    package var slots: Int
    package var freeSlots: Int

    package init(
        name: String, qualifier: String? = nil, version: String, arn: String, timeoutSeconds: Int,
        memoryMegabytes: Int, architecture: String, startedAt: EpochClock.Instant, containerCount: Int, slots: Int,
        freeSlots: Int
    ) {
        self.name = name
        self.qualifier = qualifier
        self.version = version
        self.arn = arn
        self.timeoutSeconds = timeoutSeconds
        self.memoryMegabytes = memoryMegabytes
        self.architecture = architecture
        self.startedAt = startedAt
        self.containerCount = containerCount
        self.slots = slots
        self.freeSlots = freeSlots
    }

    /// The queue that its calls come by.
    package var queueName: String { self.qualifier.map { "\(self.name):\($0)" } ?? self.name }
}
