package import AMQP

/// What is known of how a function's queue was declared.
///
/// RabbitMQ tells it nobody, but the text of its refusal of a declaration names the first thing that differs, with its
/// value. So a declaration that takes it over differs in less, and one that is accepted is the queue's own.
package struct FunctionQueueTraits: Equatable {
    package enum QueueType: Equatable {
        case classic
        /// A quorum queue, a stream, or what is to come.
        case other
        case unknown
    }

    package var type = QueueType.unknown
    /// Whether it goes with its last consumer; `nil`: unknown.
    package var isAutoDelete: Bool?
    /// Whether it goes when nobody has consumed from it for a while.
    package var expires = false
    /// Whether a message that comes back may cost another its place.
    package var dropsItsHead = false
    /// Whether one of its consumers has all messages.
    package var hasSingleActiveConsumer = false

    /// Nothing is known.
    package init() {}

    /// Whether a message may be given back for somebody else to run.
    ///
    /// A quorum queue puts it at its end (RabbitMQ 3.10) and counts it, and drops it after the twentieth time (4.0).
    package var takesHandBacks: Bool { self.type == .classic && !self.dropsItsHead && !self.hasSingleActiveConsumer }

    /// Whether it is still there when nobody has consumed from it.
    package var staysWithoutConsumers: Bool { self.isAutoDelete == false && !self.expires }

    /// Whether a message may be given back when nobody consumes here any more.
    package var outlivesItsConsumers: Bool { self.takesHandBacks && self.isAutoDelete == false }
}

extension FunctionQueueTraits {
    /// What a declaration says that the broker has accepted.
    package init(_ declaration: AMQPQueueDeclaration) {
        let arguments = declaration.arguments
        self.type = arguments["x-queue-type"] == .string("classic") ? .classic : .other
        self.isAutoDelete = declaration.isAutoDelete
        self.expires = arguments["x-expires"] != nil
        let isBounded = arguments["x-max-length"] != nil || arguments["x-max-length-bytes"] != nil
        self.dropsItsHead = isBounded && arguments["x-overflow"] != .string("reject-publish")
        self.hasSingleActiveConsumer = arguments["x-single-active-consumer"] == .bool(true)
    }
}
