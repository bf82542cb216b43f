import AMQP
import FoundationEssentials
import NIOCore

// The same with values in the place of bytes, as JSON.
extension LambdaClient {
    /// Invokes a function with a value, and waits for its result as a value.
    ///
    /// What else the answer says, as its request id and log tail, has ``invoke(_:encoding:options:)``.
    ///
    /// - Parameters:
    ///   - function: The function's name, which is its queue's name.
    ///   - event: The event; sent as JSON, of 6 MB at most.
    ///   - type: What the result is. What the context asks for, unless given.
    ///   - options: As for ``invoke(_:payload:options:)``. The client's unless given.
    /// - Returns: The function's result.
    /// - Throws: ``FunctionError`` when the function failed. ``LambdaError`` when the invocation did, on its way, and
    ///   when the result is not what was expected (`invalidResult`).
    public func invoke<Output: Decodable & Sendable>(
        _ function: String, event: some Encodable & Sendable, as type: Output.Type = Output.self,
        options: InvocationOptions? = nil
    ) async throws -> Output {
        try await self.invoke(function, payload: self.encode(event), options: options).decode(as: type)
    }

    /// Invokes a function with a value, and waits for its answer: the result with all that is said about it.
    ///
    /// As with bytes, a function that has failed is no error that is thrown:
    ///
    /// ```swift
    /// let result = try await lambda.invoke("checkout", encoding: order)
    /// let receipt = try result.decode(as: Receipt.self)
    /// print(result.requestID ?? "", receipt.total)
    /// ```
    ///
    /// - Parameters:
    ///   - function: The function's name, which is its queue's name.
    ///   - event: The event; sent as JSON, of 6 MB at most.
    ///   - options: As for ``invoke(_:payload:options:)``. The client's unless given.
    /// - Returns: The answer: the function's result, or its error (``InvocationResult/functionError``).
    ///   ``InvocationResult/decode(as:using:)`` gives the result as a value.
    /// - Throws: ``LambdaError``, which says whether the function may have run, and whether to try again.
    public func invoke(
        _ function: String, encoding event: some Encodable & Sendable, options: InvocationOptions? = nil
    ) async throws(LambdaError) -> InvocationResult {
        try await self.invoke(function, payload: self.encode(event), options: options)
    }

    /// Has a function run an event for whose answer nobody waits; see ``invokeEvent(_:payload:options:)``.
    ///
    /// - Parameters:
    ///   - function: The function's name, which is its queue's name.
    ///   - event: The event; sent as JSON, of 1 MB at most.
    ///   - options: Qualifier and trace; the time-out is for the broker's confirm. The client's unless given.
    /// - Returns: The request id, the same in each attempt.
    /// - Throws: ``LambdaError``.
    public func invokeEvent(
        _ function: String, event: some Encodable & Sendable, options: InvocationOptions? = nil
    ) async throws(LambdaError) -> String {
        try await self.invokeEvent(function, payload: self.encode(event), options: options)
    }

    /// Invokes a function and reads its answer while it is made; see
    /// ``invokeWithResponseStream(_:payload:options:window:)``.
    ///
    /// - Parameters:
    ///   - function: The function's name, which is its queue's name.
    ///   - event: The event; sent as JSON, of 6 MB at most.
    ///   - options: As for ``invoke(_:payload:options:)``; the time-out is for the whole answer. The client's unless given.
    ///   - window: Bytes that may be on their way or wait for the reader, more than 0. 1 MiB.
    /// - Returns: The answer's pieces, and at last its outcome.
    /// - Throws: ``LambdaError``.
    public func invokeWithResponseStream(
        _ function: String, event: some Encodable & Sendable, options: InvocationOptions? = nil,
        window: Int = 1024 * 1024
    ) async throws(LambdaError) -> InvocationStream {
        try await self.invokeWithResponseStream(
            function, payload: self.encode(event), options: options, window: window)
    }

    private func encode(_ event: some Encodable) throws(LambdaError) -> ByteBuffer {
        do {
            return ByteBuffer(bytes: try self.configuration.encoder.encode(event))
        } catch {
            throw LambdaError(.badRequest, "the event cannot be made JSON: \(error)", underlying: error)
        }
    }
}
