import AMQP
import NIOCore

/// Ends a call from whose server nothing was heard for a while.
///
/// A beat only notes the time; the one timer looks at it when it fires.
final class SilenceWatch: @unchecked Sendable {
    // @unchecked: every stored `var` is used on the client's loop only.
    private let client: RPCClient
    private let silence: Duration
    private var lastHeard: NIODeadline = .uptimeNanoseconds(0)
    private var timer: Scheduled<Void>?
    private var isOver = false

    /// - Throws: `invalidArgument` for a silence that no beat can break in time.
    init(_ client: RPCClient, silence: Duration) throws(AMQPError) {
        guard silence >= .milliseconds(100) else {
            throw AMQPError(.invalidArgument, "the silence time-out must be 0.1 s at least")
        }
        self.client = client
        self.silence = silence
    }

    /// The request that asks for beats.
    func asking(_ request: RPCRequest, timeout: Duration) -> RPCRequest {
        var request = request
        let milliseconds = Self.milliseconds(min(timeout, self.silence))
        request.setHeader(RPCHeader.beatInterval, .int64(max(1, Self.milliseconds(self.silence) / 3)))
        request.setHeader(RPCHeader.timeout, .int64(Self.milliseconds(timeout)))
        if request.properties.expiration == nil { request.properties.expiration = AMQPShortString("\(milliseconds)") }
        return request
    }

    /// Begins to listen to a call's server; on the loop.
    func start(_ id: CallID) {
        guard !self.isOver else { return }
        self.lastHeard = .now()
        self.arm(id)
    }

    /// Something has come; on the loop.
    ///
    /// - Returns: Whether it was a beat only. Where not, the watch is over.
    func heard(_ result: Result<RPCReply, AMQPError>, goesOn: Bool = false) -> Bool {
        if case .success(let reply) = result {
            let isBeat = reply.properties.headers?[RPCHeader.beat] != nil
            self.lastHeard = .now()
            if isBeat || goesOn { return isBeat }
        }
        self.stop()
        return false
    }

    /// Ends the watch; on the loop.
    func stop() {
        self.isOver = true
        self.timer?.cancel()
        self.timer = nil
    }

    private func arm(_ id: CallID) {
        let deadline = self.lastHeard + TimeAmount(self.silence)
        self.timer = self.client.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.timerFired(id) }
    }

    private func timerFired(_ id: CallID) {
        guard !self.isOver else { return }
        guard NIODeadline.now() >= self.lastHeard + TimeAmount(self.silence) else { return self.arm(id) }
        self.stop()
        let error = AMQPError(.timedOut, "nothing was heard from the server for \(self.silence)")
        self.client.fail(id, self.client.ofCall(id, error))
    }

    private static func milliseconds(_ duration: Duration) -> Int64 {
        max(1, (TimeAmount(duration).nanoseconds + 999_999) / 1_000_000)
    }
}
