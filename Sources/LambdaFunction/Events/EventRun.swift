import AMQP
import LambdaMessages

/// An event from its delivery to its acknowledgement.
///
/// It may outlive the channel that delivered it: then the broker delivers it again, perhaps to this daemon, and the
/// second delivery joins the run.
final class EventRun {
    /// What is acknowledged in the end.
    struct Delivery {
        let channel: AMQPLinkChannel
        let tag: UInt64
        /// Of ``EventIntake``.
        let lane: Int
    }

    let message: EventMessage
    /// `nil` once its channel is gone.
    var delivery: Delivery?
    /// It has been handed to an environment, or its attempt is over.
    var isStarted = false

    init(_ message: EventMessage, _ delivery: Delivery) {
        self.message = message
        self.delivery = delivery
    }
}
