import NIOCore

/// The messages of one consumer, as an `AsyncSequence`; it has one reader.
///
/// It goes on through a lost connection: messages that were not acknowledged come again, marked as redelivered. It ends
/// with an `AMQPError` when the channel ends (`channelClosed`) or the queue is deleted (`consumerCancelled`).
///
/// No more is held for a slow reader than the prefetch. Without one (``AMQPConsumption/noAck``, or a prefetch of zero)
/// reading from the broker pauses at a thousand messages, and with it everything else on the connection: give such a
/// consumer a connection of its own.
///
/// A reader that leaves gives back what it had not taken yet.
public struct AMQPConsumer: AsyncSequence, Sendable {
    /// What it yields.
    public typealias Element = AMQPDelivery
    /// What it ends with.
    public typealias Failure = any Error

    typealias Producer = NIOThrowingAsyncSequenceProducer<
        AMQPDelivery, any Error, NIOAsyncSequenceProducerBackPressureStrategies.HighLowWatermark, Delegate
    >

    /// The consumer's name on its channel.
    public let consumerTag: AMQPShortString
    private let sequence: Producer
    private let untaken: UntakenDeliveries

    /// Reads the messages.
    public struct AsyncIterator: AsyncIteratorProtocol {
        private let iterator: Producer.AsyncIterator
        private let untaken: UntakenDeliveries

        init(_ iterator: Producer.AsyncIterator, _ untaken: UntakenDeliveries) {
            self.iterator = iterator
            self.untaken = untaken
        }

        /// The next message; throws the `AMQPError` that the consumer ended with.
        // NIO's iterator runs on the default executor.
        @concurrent public mutating func next() async throws -> AMQPDelivery? {
            guard let delivery = try await self.iterator.next() else { return nil }
            self.untaken.taken()
            return delivery
        }
    }

    /// Begins to read.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(self.sequence.makeAsyncIterator(), self.untaken)
    }

    static func make(_ consumption: AMQPConsumption, channel: AMQPChannel) -> (AMQPConsumer, Source) {
        let delegate = Delegate(consumption, channel: channel)
        let producer = Producer.makeSequence(
            elementType: AMQPDelivery.self, failureType: (any Error).self,
            backPressureStrategy: .init(lowWatermark: 100, highWatermark: 1000), finishOnDeinit: true,
            delegate: delegate)
        let consumer = AMQPConsumer(
            consumerTag: consumption.consumerTag, sequence: producer.sequence, untaken: delegate.untaken)
        return (consumer, Source(producer.source, delegate))
    }
}

extension AMQPConsumer {
    /// Where the link's deliveries go in.
    ///
    /// Loop-bound.
    final class Source {
        private let source: Producer.Source
        private let delegate: Delegate

        init(_ source: Producer.Source, _ delegate: Delegate) {
            self.source = source
            self.delegate = delegate
        }

        /// The consumer lives on this link now.
        func attach(_ link: AMQPLink) {
            self.delegate.link = link
            if self.delegate.isPaused { link.pauseReading() }
        }

        func yield(_ delivery: AMQPDelivery) {
            self.delegate.untaken.delivered(delivery)
            switch self.source.yield(contentsOf: CollectionOfOne(delivery)) {
            case .produceMore: break
            case .stopProducing: self.delegate.pause()
            // The reader has gone, and the broker did not know it yet.
            case .dropped: self.delegate.giveBack(self.delegate.untaken.takeLast())
            }
        }

        func finish(_ error: AMQPError) {
            self.delegate.isFinished = true
            self.delegate.resume()
            self.source.finish(error)
        }
    }

    /// What the reader's progress does: reading from the broker goes on, or the consumer ends.
    final class Delegate: NIOAsyncSequenceProducerDelegate, @unchecked Sendable {
        // @unchecked: the stored `var`s are used on the channel's loop only.
        private let tag: AMQPShortString
        private let channel: AMQPChannel
        private let hasPrefetch: Bool
        let untaken: UntakenDeliveries
        var link: AMQPLink?
        var isPaused = false
        var isFinished = false

        init(_ consumption: AMQPConsumption, channel: AMQPChannel) {
            self.tag = consumption.consumerTag
            self.channel = channel
            self.hasPrefetch = !consumption.noAck && consumption.prefetch != 0
            self.untaken = UntakenDeliveries(isNeeded: !consumption.noAck)
        }

        func produceMore() {
            self.channel.eventLoop.execute { self.resume() }
        }

        func didTerminate() {
            self.channel.eventLoop.execute {
                self.resume()
                guard !self.isFinished else { return }
                self.channel.consumerAbandoned(self.tag)
                self.giveBack(self.untaken.takeAll())
            }
        }

        func giveBack(_ deliveries: some Sequence<UntakenDeliveries.Delivery>) {
            for delivery in deliveries { self.channel.giveBack(delivery.deliveryTag, of: delivery.epoch) }
        }

        /// A prefetch is bound enough, and its reader may be waiting for something else on this connection.
        func pause() {
            guard !self.hasPrefetch, !self.isPaused else { return }
            self.isPaused = true
            self.link?.pauseReading()
        }

        func resume() {
            guard self.isPaused else { return }
            self.isPaused = false
            self.link?.resumeReading()
        }
    }
}
