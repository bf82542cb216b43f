internal import LambdaHTTP
internal import LambdaProtocol
internal import NIOCore
internal import NIOHTTP1

/// Passes the body of a runtime's post on to a caller, part by part.
///
/// Only translates between the exchange and the sink; ``ResponseStreamStateMachine`` decides.
// @unchecked: every member is used on the exchange's event loop only (asserted by the exchange).
final class RuntimeResponseStream: @unchecked Sendable {
    /// How the post ended.
    enum Ending {
        case complete(trailers: HTTPHeaders?)
        case tooLarge
        case truncated
        /// The process was ended in mid-stream; the invocation has its outcome.
        case cancelled
    }

    private let exchange: HTTPExchange
    private let sink: any ResponseSink
    private var machine: ResponseStreamStateMachine
    private var completion: ((RuntimeResponseStream, Ending) -> Void)?

    /// - Parameters:
    ///   - exchange: The runtime's post, whose body nobody has asked for.
    ///   - sink: Takes the body.
    ///   - limit: Bytes of the body at most.
    ///   - completion: Called once; answers the exchange.
    init(
        _ exchange: HTTPExchange, into sink: any ResponseSink, limit: Int, completion: @escaping (RuntimeResponseStream, Ending) -> Void
    ) {
        self.exchange = exchange
        self.sink = sink
        self.machine = ResponseStreamStateMachine(limit: limit)
        self.completion = completion
    }

    /// Begins to read.
    func start(_ head: ResponseHead) {
        self.sink.onWanted = { [weak self] in self?.moreWanted() }
        self.sink.begin(head)
        self.exchange.streamBody { part in self.received(part) }
    }

    /// Ends the stream: its invocation has another outcome.
    func cancel() {
        if self.machine.cancelled() == .finish { self.finish(.cancelled) }
    }

    private func received(_ part: HTTPBodyPart) {
        switch part {
        case .bytes(let bytes): self.received(bytes)
        case .end(let trailers): self.ended(.complete(trailers: trailers))
        case .failed: self.ended(.truncated)
        }
    }

    private func received(_ bytes: ByteBuffer) {
        switch self.machine.partReceived(byteCount: bytes.readableBytes) {
        case .forward:
            let wantsMore = self.sink.write(bytes)
            if self.machine.forwarded(wantsMore: wantsMore) == .readNext { self.exchange.readNext() }
        case .refuse: self.finish(.tooLarge)
        case .discard: self.exchange.readNext()
        }
    }

    private func ended(_ ending: Ending) {
        if self.machine.bodyEnded() == .finish { self.finish(ending) }
    }

    private func moreWanted() {
        if self.machine.moreWanted() == .readNext { self.exchange.readNext() }
    }

    private func finish(_ ending: Ending) {
        self.sink.onWanted = nil
        let completion = self.completion
        self.completion = nil
        completion?(self, ending)
    }
}
