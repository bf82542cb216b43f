import LambdaHTTP
import LambdaProtocol
import NIOCore

/// A streamed answer on its way to the client of a function URL, at the client's pace.
///
/// Only translates: ``StreamedResponseStateMachine`` decides. A client that hangs up does not end the function.
// @unchecked: every member is used on the exchange's event loop only (asserted by the exchange).
final class FunctionURLStream: ResponseSink, @unchecked Sendable {
    var onWanted: (() -> Void)?

    private let exchange: FunctionURLExchange
    private var machine: StreamedResponseStateMachine
    private var writer: HTTPResponseWriter?

    init(_ exchange: FunctionURLExchange) {
        self.exchange = exchange
        self.machine = StreamedResponseStateMachine(exchange.url)
        exchange.exchange.onAbort = { [weak self] in self?.clientGone() }
    }

    func begin(_ head: ResponseHead) {
        _ = self.carryOut(self.machine.began(contentType: head.contentType))
    }

    func write(_ bytes: ByteBuffer) -> Bool {
        self.carryOut(self.machine.received(bytes))
    }

    func finish(_ outcome: InvocationOutcome) {
        _ = self.carryOut(self.machine.ended(outcome))
    }

    /// - Returns: whether more is wanted at once.
    private func carryOut(_ action: StreamedResponseStateMachine.Action) -> Bool {
        switch action {
        case .nothing: return true
        case .start(let response): return self.start(response)
        case .write(let bytes): return self.send(bytes)
        case .end: self.writer?.end()
        case .abort: self.writer?.abort()
        case .respond(let response): self.exchange.respond(response)
        case .refuse(let error): self.exchange.refuse(error)
        }
        return true
    }

    private func start(_ response: FunctionURLResponse) -> Bool {
        let writer = self.exchange.start(response)
        writer.onWritable = { [weak self] in self?.onWanted?() }
        self.writer = writer
        return response.body.readableBytes == 0 || self.send(response.body)
    }

    /// A client that is gone takes everything.
    private func send(_ bytes: ByteBuffer) -> Bool {
        guard let writer = self.writer else { return true }
        return writer.write(bytes) || self.machine.isOver
    }

    private func clientGone() {
        self.machine.clientGone()
        self.onWanted?()
    }
}
