import NIOCore

/// The messages of one consumer, as an `AsyncSequence`; it has one reader.
///
/// It goes on through a lost connection: messages that were not acknowledged come again, marked as redelivered. It ends
/// with an `AMQPError` when the channel ends (`channelClosed`) or the queue is deleted (`consumerCancelled`).
///
/// No more is held for a slow reader than the channel's prefetch; without acknowledgements (`noAck`), reading from the
/// broker pauses at a thousand messages.
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

    /// Reads the messages.
    public struct AsyncIterator: AsyncIteratorProtocol {
        private let iterator: Producer.AsyncIterator

        init(_ iterator: Producer.AsyncIterator) {
            self.iterator = iterator
        }

        /// The next message; throws the `AMQPError` that the consumer ended with.
        // NIO's iterator runs on the default executor.
        @concurrent public mutating func next() async throws -> AMQPDelivery? {
            try await self.iterator.next()
        }
    }

    /// Begins to read.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(self.sequence.makeAsyncIterator())
    }

    static func make(tag: AMQPShortString, channel: AMQPChannel) -> (AMQPConsumer, Source) {
        let delegate = Delegate(tag: tag, channel: channel)
        let producer = Producer.makeSequence(
            elementType: AMQPDelivery.self, failureType: (any Error).self, backPressureStrategy: .init(lowWatermark: 100, highWatermark: 1000),
            finishOnDeinit: true, delegate: delegate)
        let source = Source(producer.source, delegate)
        return (AMQPConsumer(consumerTag: tag, sequence: producer.sequence), source)
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
            guard case .stopProducing = self.source.yield(contentsOf: CollectionOfOne(delivery)),
                !self.delegate.isPaused
            else { return }
            self.delegate.isPaused = true
            self.delegate.link?.pauseReading()
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
        var link: AMQPLink?
        var isPaused = false
        var isFinished = false

        init(tag: AMQPShortString, channel: AMQPChannel) {
            self.tag = tag
            self.channel = channel
        }

        func produceMore() {
            self.channel.eventLoop.execute { self.resume() }
        }

        func didTerminate() {
            self.channel.eventLoop.execute {
                self.resume()
                if !self.isFinished { self.channel.consumerAbandoned(self.tag) }
            }
        }

        func resume() {
            guard self.isPaused else { return }
            self.isPaused = false
            self.link?.resumeReading()
        }
    }
}
