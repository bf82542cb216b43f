import AMQP
import LambdaMessages
import LambdaProtocol
import NIOCore

/// The answer to one caller who takes it in chunks: a sink whose bytes leave as messages, for credit.
///
/// Only translates; ``StreamedReplyStateMachine`` decides.
// @unchecked: every member is used on the connection's loop only (asserted by the channel).
final class StreamedReply: ResponseSink, @unchecked Sendable {
    /// Whose stream it is, and how its messages say so.
    struct Address {
        var requestID: String
        var replyTo: AMQPShortString
        var correlationID: AMQPShortString?
        var attempt: Int
        var creditQueue: AMQPShortString
    }

    let address: Address
    var onWanted: (() -> Void)?

    private let channel: AMQPLinkChannel
    /// How long bytes of a function that is done may wait for credit.
    private let patience: TimeAmount
    private let completion: (ReplyMessage?) -> Void
    private var machine: StreamedReplyStateMachine
    private var head: ResponseHead?
    private var outcome: InvocationOutcome?
    private var timer: Scheduled<Void>?
    private var isDone = false

    /// - Parameters:
    ///   - address: Where the chunks go.
    ///   - credit: Bytes that the caller takes at first.
    ///   - channel: What the message came on, and the answer leaves by.
    ///   - patience: How long bytes of a function that is done may wait for credit.
    ///   - completion: Called once, when the function is done and nothing of its answer waits: with the last message,
    ///     or without one when the connection is gone.
    init(
        _ address: Address, credit: Int, channel: AMQPLinkChannel, patience: TimeAmount,
        completion: @escaping (ReplyMessage?) -> Void
    ) {
        self.address = address
        self.channel = channel
        self.patience = patience
        self.completion = completion
        self.machine = StreamedReplyStateMachine(credit: credit)
    }

    private var isWritable: Bool { self.channel.link.takesPublishes }

    // MARK: From the function

    func begin(_ head: ResponseHead) {
        self.head = head
    }

    func write(_ bytes: ByteBuffer) -> Bool {
        let actions = self.machine.produced(bytes, isWritable: self.isWritable)
        self.send(actions.chunks)
        return actions.wantsMore
    }

    /// The invocation has ended so.
    func finished(_ outcome: InvocationOutcome) {
        switch outcome {
        case .result(var reply):
            let rest = reply.body
            if self.head == nil { self.head = ResponseHead(contentType: reply.contentType) }
            reply.body = ByteBuffer()
            self.outcome = .result(reply)
            self.perform(self.machine.finished(rest: rest, isWritable: self.isWritable))
        case .functionError, .refused:
            self.outcome = outcome
            self.perform(self.machine.failed())
        }
        self.completeIfOver()
        if self.machine.isWaitingToFinish { self.waitForCredit() }
    }

    // MARK: From the caller and the connection

    func credited(_ byteCount: Int) {
        self.perform(self.machine.credited(byteCount, isWritable: self.isWritable))
        if self.machine.isWaitingToFinish { self.waitForCredit() }
    }

    func becameWritable() {
        guard self.isWritable else { return }
        self.perform(self.machine.becameWritable())
    }

    func connectionLost() {
        self.perform(self.machine.connectionLost())
        self.completeIfOver()
    }

    // MARK: Doing it

    private func perform(_ actions: StreamedReplyStateMachine.Actions) {
        self.send(actions.chunks)
        if let sequence = actions.end { return self.end(sequence) }
        if actions.wantsMore { self.onWanted?() }
    }

    private func send(_ chunks: [StreamedReplyStateMachine.Chunk]) {
        for chunk in chunks {
            let message = StreamChunkMessage(
                chunk.bytes, sequence: chunk.sequence, head: self.head, attempt: self.address.attempt,
                correlationID: self.address.correlationID, creditQueue: self.address.creditQueue)
            // A channel that is closed says so in `connectionLost`.
            try? self.channel.publish(
                exchange: .empty, routingKey: self.address.replyTo, isMandatory: false, properties: message.properties,
                body: message.body)
        }
    }

    private func end(_ sequence: Int) {
        guard let outcome = self.outcome else { return }
        var message = ReplyMessage(
            outcome, requestID: self.address.requestID, correlationID: self.address.correlationID)
        message.endStream(sequence: sequence, attempt: self.address.attempt)
        self.complete(message)
    }

    /// A stream whose connection went is over when its function is.
    private func completeIfOver() {
        if self.outcome != nil, self.machine.isOver { self.complete(nil) }
    }

    private func complete(_ message: ReplyMessage?) {
        guard !self.isDone else { return }
        self.isDone = true
        self.timer?.cancel()
        self.timer = nil
        self.completion(message)
    }

    private func waitForCredit() {
        self.timer?.cancel()
        self.timer = self.channel.eventLoop.assumeIsolated().scheduleTask(in: self.patience) {
            let message = "The caller took no more of the answer within the function's time-out."
            self.outcome = .refused(InvokeError(.noAnswer, message))
            self.perform(self.machine.failed())
        }
    }
}
