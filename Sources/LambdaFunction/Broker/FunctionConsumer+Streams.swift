import AMQP
import LambdaMessages
import LambdaProtocol
import NIOCore

// Invocations whose callers take the answer in chunks.
extension FunctionConsumer {
    /// Runs an invocation, once there is a queue for its caller's credit.
    func run(
        _ message: InvocationMessage, _ stream: StreamRequest, isRedelivered: Bool, _ answer: Answer,
        of function: ResolvedFunction, on channel: AMQPLinkChannel
    ) {
        self.streams.creditQueueName(on: channel.link).assumeIsolated().whenComplete { result in
            guard channel.isOpen, let replyTo = answer.replyTo else {
                return self.streamEnded(nil, answer, on: channel)
            }
            switch result {
            case .failure(let error):
                let refusal = InvokeError(.service, "The daemon has no queue for the stream's credit: \(error)")
                self.finish(answer, .refused(refusal), on: channel)
            case .success(let creditQueue):
                let address = StreamedReply.Address(
                    requestID: answer.requestID, replyTo: replyTo, correlationID: answer.correlationID,
                    attempt: stream.attempt + (isRedelivered ? 1 : 0), creditQueue: creditQueue)
                let ticket = self.ticket(
                    attempt: message.attempt, isRedelivered: isRedelivered, answer.deliveryTag)
                self.run(
                    message.request, of: function, credit: stream.creditByteCount, address, answer, ticket,
                    mayHaveRun: isRedelivered || message.attempt > 0, on: channel)
            }
        }
    }

    private func run(
        _ request: InvocationRequest, of function: ResolvedFunction, credit: Int, _ address: StreamedReply.Address,
        _ answer: Answer, _ ticket: CallTicket, mayHaveRun: Bool, on channel: AMQPLinkChannel
    ) {
        // The register keeps the stream until it is over, and what is below lets go of it.
        weak var stream: StreamedReply?
        let reply = StreamedReply(
            address, credit: credit, channel: channel, patience: self.configuration.streamPatience
        ) { message in
            if let stream { self.streams.remove(stream) }
            self.streamEnded(message, answer, on: channel)
        }
        stream = reply
        self.streams.insert(reply, deliveryTag: answer.deliveryTag)
        let waits = self.invoker.invoke(request, of: function, into: reply, ticket: ticket) {
            reply.finished(mayHaveRun ? $0.afterRedelivery : $0)
        }
        guard waits else { return }
        self.streams.waits(reply, deliveryTag: answer.deliveryTag)
        self.lookAhead?.messageWaits()
    }

    /// Sends a stream's last message.
    ///
    /// Without one the connection is gone: the broker delivers the request again.
    private func streamEnded(_ message: ReplyMessage?, _ answer: Answer, on channel: AMQPLinkChannel) {
        self.running -= 1
        if let message, let replyTo = answer.replyTo, channel.isOpen {
            self.attempt("end a stream") {
                try channel.publish(
                    exchange: .empty, routingKey: replyTo, isMandatory: false, properties: message.properties,
                    body: message.body)
                try channel.ack(answer.deliveryTag)
            }
        }
        self.settledCredit(answer.deliveryTag)
        self.completeDrainIfQuiet()
    }
}
