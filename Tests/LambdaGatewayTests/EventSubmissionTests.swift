import AMQP
import Testing

@testable import LambdaGateway

@Suite struct EventSubmissionTests {
    private let returned = PublishOutcome.returned(replyCode: 312, replyText: "NO_ROUTE")

    @Test func anEventIsAcceptedOnceItsQueueHasIt() {
        var submission = EventSubmission(queue: "echo")
        #expect(submission.queue == "echo.async")
        #expect(submission.settled(.success(.confirmed)) == .accept)
    }

    @Test func withoutAnEventQueueItGoesToTheFunctionsOwn() {
        var submission = EventSubmission(queue: "echo:prod")
        #expect(submission.queue == "echo:prod.async")
        #expect(submission.settled(.success(self.returned)) == .publish)
        #expect(submission.queue == "echo:prod")
        #expect(submission.settled(.success(.confirmed)) == .accept)
    }

    @Test func withNeitherThereIsNoSuchFunction() {
        var submission = EventSubmission(queue: "nobody")
        #expect(submission.settled(.success(self.returned)) == .publish)
        #expect(submission.settled(.success(self.returned)) == .refuse(.notFound))
    }

    @Test func aFullQueueIsNotGoneAround() {
        var submission = EventSubmission(queue: "echo")
        #expect(submission.settled(.success(.nacked)) == .refuse(.full))
    }

    @Test func whatTheBrokerDidNotConfirmIsNotAccepted() {
        var submission = EventSubmission(queue: "echo")
        let error = AMQPError(.connectionLost, "gone")
        #expect(submission.settled(.failure(error)) == .refuse(.failed(error)))
    }
}
