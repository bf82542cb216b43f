import AMQP
import LambdaMessages
package import LambdaProtocol
import NIOCore

// Events: into the care of the broker, and only then is the caller told so (design 5, 7).
extension BrokerInvoker: EventAcceptor {
    package func accept(
        _ request: InvocationRequest, of function: ResolvedFunction, completion: @escaping (InvokeError?) -> Void
    ) {
        guard let queue = FunctionQueueName.of(function.name, qualifier: function.qualifier) else {
            return completion(.functionNotFound(self.arn(function.name), qualifier: function.qualifier))
        }
        let message = RequestMessage(event: request, qualifier: function.qualifier, now: EpochClock.now())
        self.submit(EventSubmission(queue: queue), message, request.event) { refusal in
            completion(refusal.map { self.error($0, function) })
        }
    }

    /// Publishes until the machine is content, or has given up.
    private func submit(
        _ submission: EventSubmission, _ message: RequestMessage, _ event: ByteBuffer,
        completion: @escaping (EventSubmission.Refusal?) -> Void
    ) {
        self.publisher.publish(message.properties, event, to: AMQPShortString(submission.queue)) { result in
            var submission = submission
            switch submission.settled(result) {
            case .publish: self.submit(submission, message, event, completion: completion)
            case .accept: completion(nil)
            case .refuse(let refusal): completion(refusal)
            }
        }
    }

    private func error(_ refusal: EventSubmission.Refusal, _ function: ResolvedFunction) -> InvokeError {
        switch refusal {
        case .notFound: .functionNotFound(self.arn(function.name), qualifier: function.qualifier)
        case .full:
            InvokeError(
                .tooManyRequests, "Rate Exceeded.", reason: "ReservedFunctionConcurrentInvocationLimitExceeded",
                retryAfterSeconds: 1)
        // An event may come twice, so that trying again is right even where the broker may have it already.
        case .failed(let error): InvokeError(.serviceUnavailable, error.message)
        }
    }
}
