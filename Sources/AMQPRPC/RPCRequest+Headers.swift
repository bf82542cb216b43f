import AMQP

extension RPCRequest {
    /// What tells this request from another one, so that it is not handled twice.
    ///
    /// A server that remembers replies (``RPCServerConfiguration/rememberedReplies``) answers a request with a key that
    /// it knows with the reply that it gave before; so a call that failed with nobody knowing whether it was executed may
    /// be made again. 1 to 255 bytes of UTF-8, different for each thing to be done: a UUID, say. With another body than
    /// before the answer is ``RPCFault/idempotencyKeyReused``. Kept in the header `X-RPC-Idempotency-Key`.
    public var idempotencyKey: String? {
        get { self.properties.headers?[RPCHeader.idempotencyKey]?.stringValue }
        set { self.setHeader(RPCHeader.idempotencyKey, newValue.map { .string($0) }) }
    }

    /// Sets a header, or takes it away.
    mutating func setHeader(_ name: String, _ value: AMQPValue?) {
        if self.properties.headers == nil, value == nil { return }
        self.properties.headers = {
            var headers = self.properties.headers ?? AMQPTable()
            headers[name] = value
            return headers
        }()
    }
}
