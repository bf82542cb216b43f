import AMQP

/// A call whose caller is a task, most likely on another thread.
///
/// Its caller makes it and passes it to the client's loop, which gives it back by resuming the caller.
final class AsyncCall: @unchecked Sendable {
    // @unchecked: who may use it is passed on with it, from the caller to the loop and back.
    let timeout: Duration
    /// Where signs of life are expected before the reply.
    let watch: SilenceWatch?
    var continuation: UnsafeContinuation<Void, Never>?
    /// Set once the call has begun.
    var id: CallID?
    /// The cancellation reached the loop first.
    var isCancelled = false
    private var request: RPCRequest?
    private var result: Result<RPCReply, AMQPError>?

    init(_ request: consuming RPCRequest, timeout: Duration, watch: SilenceWatch? = nil) {
        self.request = request
        self.timeout = timeout
        self.watch = watch
    }

    /// The request, for the one who sends it: nobody else has it then, so that it is changed without a copy.
    func takeRequest() -> RPCRequest? {
        self.request.take()
    }

    /// Keeps what became of the call until its caller goes on.
    func keep(_ result: Result<RPCReply, AMQPError>) {
        self.result = result
    }

    /// Has the caller go on; called once.
    func resume() {
        self.continuation.take()?.resume()
    }

    func resume(_ result: Result<RPCReply, AMQPError>) {
        self.keep(result)
        self.resume()
    }

    /// What became of the call, for the caller.
    func takeResult() -> Result<RPCReply, AMQPError> {
        self.result.take() ?? .failure(.callCancelled)
    }
}

/// Who waits for a call's reply.
enum CallWaiter {
    /// Somebody on the loop, who is called at once.
    case completion(RPCClient.Completion)
    /// A task.
    case task(AsyncCall)
}
