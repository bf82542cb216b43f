package import LambdaMetrics

/// What a function's daemon has counted of events, for whose answers nobody waits.
package struct EventCounts: Sendable {
    /// Events that came here first, of all daemons.
    package var received = 0
    /// Attempts that succeeded.
    package var succeeded = 0
    /// Attempts that failed and are made again.
    package var retried = 0
    /// Events that could not be started and are tried again.
    package var backedOff = 0
    /// Events that were given up, by the reason: they are dead letters.
    package var dropped: [EventPolicy.Condition: Int] = [:]
    /// Dead letters that the broker has not confirmed before the daemon ended.
    package var deadLetterErrors = 0
    /// Records that their destination did not take.
    package var destinationErrors = 0
    /// How old events were when an attempt at them began.
    package var age = DurationHistogram()

    /// Nothing counted.
    package init() {}
}
