import LambdaMessages
import LambdaProtocol
import NIOCore

/// The functions that have announced themselves, and are believed to be there still.
///
/// Pure. Anybody who may publish can announce anything: so it is bounded, and decides nothing.
struct FunctionDirectory {
    private struct Entry {
        var announcement: FunctionAnnouncement
        var heardAt: NIODeadline
    }

    private let patience: TimeAmount
    private let limit: Int
    private var entries: [String: Entry] = [:]

    /// - Parameters:
    ///   - patience: How long a daemon is believed to live that says nothing.
    ///   - limit: Daemons that are kept; further ones are not heard.
    init(patience: TimeAmount = .seconds(30), limit: Int = 10_000) {
        self.patience = patience
        self.limit = limit
    }

    /// A daemon has said something.
    mutating func heard(_ announcement: FunctionAnnouncement, now: NIODeadline) {
        guard !announcement.isLeaving else { return self.entries[announcement.instance] = nil }
        if self.entries[announcement.instance] == nil, self.entries.count >= self.limit {
            self.removeSilent(now: now)
            guard self.entries.count < self.limit else { return }
        }
        self.entries[announcement.instance] = Entry(announcement: announcement, heardAt: now)
    }

    /// What is known now, in the order of the queues' names.
    mutating func functions(now: NIODeadline) -> [FunctionSummary] {
        self.removeSilent(now: now)
        // Of several daemons that differ the youngest is right: it has come with the last deployment.
        let byQueue = Dictionary(grouping: self.entries.values.map(\.announcement), by: \.queueName)
        return byQueue.values.compactMap(Self.summary).sorted { $0.queueName < $1.queueName }
    }

    private mutating func removeSilent(now: NIODeadline) {
        self.entries = self.entries.filter { $0.value.heardAt + self.patience > now }
    }

    private static func summary(_ all: [FunctionAnnouncement]) -> FunctionSummary? {
        let youngest = all.max { ($0.startedMilliseconds, $0.instance) < ($1.startedMilliseconds, $1.instance) }
        return youngest.map { youngest in
            FunctionSummary(
                name: youngest.name, qualifier: youngest.qualifier, version: youngest.version, arn: youngest.arn,
                timeoutSeconds: youngest.timeoutSeconds, memoryMegabytes: youngest.memoryMegabytes,
                architecture: youngest.architecture,
                startedAt: EpochClock.Instant(millisecondsSinceEpoch: youngest.startedMilliseconds),
                containerCount: all.count, slots: all.reduce(0) { $0 + $1.slots },
                freeSlots: all.reduce(0) { $0 + $1.freeSlots })
        }
    }
}
