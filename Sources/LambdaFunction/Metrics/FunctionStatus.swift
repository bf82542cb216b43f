/// What a function is doing now.
package struct FunctionStatus: Sendable, Equatable {
    /// Invocations that run.
    package var running = 0
    /// Invocations whose caller waits, while every environment is busy.
    package var waitingCalls = 0
    /// Events that wait here for an environment.
    package var waitingEvents = 0
    /// Invocations that may run at a time.
    package var slots = 0
    /// How many more could run now without another one waiting.
    package var freeSlots = 0
    /// Environments with a runtime that takes invocations, or runs one.
    package var servingEnvironments = 0
    /// Environments that are being started.
    package var startingEnvironments = 0
    /// Environments that may be started.
    package var stoppedEnvironments = 0
    /// Environments whose processes end.
    package var leavingEnvironments = 0

    package init() {}
}
