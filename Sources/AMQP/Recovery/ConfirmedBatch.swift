import NIOCore

/// Messages that are published one after the other as fast as the connection takes them, and the confirms of them all.
///
/// The whole batch costs one hop to the loop, one flush where it fits into the socket, and one hop back.
package final class ConfirmedBatch: @unchecked Sendable {
    // @unchecked: every stored `var` is used on the channel's loop only.
    package typealias Completion = ([AMQPPublishFailure]) -> Void

    private let batch: [AMQPPublishing]
    private let channel: AMQPChannel
    private let ticket = PublisherQueue.Ticket()
    private var nextIndex = 0
    private var isSettled: [Bool]
    private var unsettledCount: Int
    private var failures: [AMQPPublishFailure] = []
    /// Nil before the start, and once everything is settled.
    private var completion: Completion?

    package init(_ batch: [AMQPPublishing], on channel: AMQPChannel) {
        self.batch = batch
        self.channel = channel
        self.isSettled = Array(repeating: false, count: batch.count)
        self.unsettledCount = batch.count
    }

    /// Publishes; call it once, from any task.
    ///
    /// - Returns: The messages that were not confirmed, in the batch's order.
    func run() async -> [AMQPPublishFailure] {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                self.channel.eventLoop.execute { self.start { continuation.resume(returning: $0) } }
            }
        } onCancel: {
            self.channel.eventLoop.execute { self.abandon(.batchCancelled) }
        }
    }

    /// ``run()`` on the loop.
    ///
    /// - Parameter completion: Called once, on the loop.
    package func start(_ completion: @escaping Completion) {
        self.completion = completion
        guard !self.ticket.isCancelled else { return self.abandon(.batchCancelled) }
        self.publishMore()
        self.completeIfSettled()
    }

    /// Nobody waits any more: what has not left is not published, and what is not confirmed fails with the error.
    ///
    /// Call on the loop.
    package func abandon(_ error: AMQPError) {
        // Where it has not started, the start finds the ticket cancelled.
        _ = self.channel.publishersWaiting.cancel(self.ticket)
        guard self.completion != nil else { return }
        for index in 0..<self.nextIndex { self.settle(index, error) }
        self.failRest(error)
        self.completeIfSettled()
    }

    private func publishMore() {
        while self.nextIndex < self.batch.count {
            let linkChannel: AMQPLinkChannel
            do throws(AMQPError) {
                linkChannel = try self.channel.current()
            } catch {
                return self.failRest(error)
            }
            guard linkChannel.link.takesPublishes else { return self.waitForRoom() }
            self.publish(self.nextIndex, on: linkChannel)
            self.nextIndex += 1
        }
    }

    private func waitForRoom() {
        self.channel.publishersWaiting.wait(self.ticket) { isWanted in
            guard isWanted else { return }
            self.publishMore()
            self.completeIfSettled()
        }
    }

    private func publish(_ index: Int, on linkChannel: AMQPLinkChannel) {
        let publishing = self.batch[index]
        do throws(AMQPError) {
            try linkChannel.publish(
                exchange: publishing.exchange, routingKey: publishing.routingKey, isMandatory: publishing.isMandatory,
                properties: publishing.message.properties, body: publishing.message.body,
                confirm: { self.confirmed(index, $0) })
        } catch {
            self.settle(index, error.ofUnsentCall)
        }
    }

    private func confirmed(_ index: Int, _ result: Result<PublishOutcome, AMQPError>) {
        switch result {
        case .success(.confirmed): self.settle(index, nil)
        case .success(.nacked):
            self.settle(index, .nacked(exchange: self.batch[index].exchange, self.batch[index].routingKey))
        case .success(.returned(let code, let text)):
            let routingKey = self.batch[index].routingKey
            self.settle(
                index,
                AMQPError(
                    .unroutable, "no queue for routing key \(routingKey): \(text)",
                    replyCode: AMQPReplyCode(rawValue: code), isServerInitiated: true))
        case .failure(let error): self.settle(index, error)
        }
        self.completeIfSettled()
    }

    /// What has not left yet does not leave any more.
    private func failRest(_ error: AMQPError) {
        for index in self.nextIndex..<self.batch.count { self.settle(index, error.ofUnsentCall) }
        self.nextIndex = self.batch.count
    }

    private func settle(_ index: Int, _ error: AMQPError?) {
        guard !self.isSettled[index] else { return }
        self.isSettled[index] = true
        self.unsettledCount -= 1
        if let error { self.failures.append(AMQPPublishFailure(index: index, error: error)) }
    }

    private func completeIfSettled() {
        guard self.unsettledCount == 0, let completion = self.completion else { return }
        self.completion = nil
        completion(self.failures.sorted { $0.index < $1.index })
    }
}

extension AMQPError {
    fileprivate static var batchCancelled: AMQPError {
        AMQPError(.cancelled, "the task was cancelled before the broker had confirmed")
    }
}
