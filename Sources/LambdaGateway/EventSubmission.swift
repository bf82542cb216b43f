import AMQP
import LambdaMessages

/// One event on its way into a queue: the function's event queue; where there is none, since only daemons serve it that
/// know no such thing, the function's own (design 5).
///
/// Pure.
struct EventSubmission {
    enum Action: Equatable {
        /// Publish to ``EventSubmission/queue``.
        case publish
        /// The broker has it.
        case accept
        case refuse(Refusal)
    }

    enum Refusal {
        /// There is no such function.
        case notFound
        /// The queue takes no more.
        case full
        /// The broker may have it, or not.
        case failed(AMQPError)
    }

    private enum State {
        /// Can transition to: `toFunctionQueue`, or to its end.
        case toEventQueue
        /// Can transition to its end.
        case toFunctionQueue
    }

    private let functionQueue: String
    private var state = State.toEventQueue

    /// - Parameter queue: The function's.
    init(queue: String) {
        self.functionQueue = queue
    }

    /// Where to publish now.
    var queue: String {
        switch self.state {
        case .toEventQueue: EventQueueName.async(of: self.functionQueue)
        case .toFunctionQueue: self.functionQueue
        }
    }

    /// What became of the publish to ``queue``.
    mutating func settled(_ result: Result<PublishOutcome, AMQPError>) -> Action {
        switch (result, self.state) {
        case (.success(.confirmed), _): return .accept
        case (.success(.nacked), _): return .refuse(.full)
        case (.success(.returned), .toEventQueue):
            self.state = .toFunctionQueue
            return .publish
        case (.success(.returned), .toFunctionQueue): return .refuse(.notFound)
        case (.failure(let error), _): return .refuse(.failed(error))
        }
    }
}

extension EventSubmission.Refusal: Equatable {
    static func == (left: Self, right: Self) -> Bool {
        switch (left, right) {
        case (.notFound, .notFound), (.full, .full): true
        case (.failed(let left), .failed(let right)): left.code == right.code
        default: false
        }
    }
}
