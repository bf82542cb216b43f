public import AMQP
public import Logging

/// Connects, has `body` invoke functions, and disconnects, however that ends.
///
/// ```swift
/// let price: Int = try await withLambdaClient(AMQPConfiguration(uri: "amqp://localhost")) { lambda in
///     try await lambda.invoke("price", event: ["item": "tea"])
/// }
/// ```
///
/// - Parameters:
///   - broker: Where to connect to and how.
///   - configuration: Default options, reply queue, limits, JSON, metrics and traces. The defaults unless given.
///   - logger: Where connects, losses, recoveries and retries are logged. Nowhere unless given.
///   - isolation: The actor that `body` runs on. The caller's unless given.
///   - body: Uses the client; calls that are under way when it ends fail.
/// - Returns: What `body` returns.
/// - Throws: ``LambdaError`` when the broker cannot be reached; whatever `body` throws.
public func withLambdaClient<Value>(
    _ broker: AMQPConfiguration, configuration: LambdaClientConfiguration = LambdaClientConfiguration(),
    logger: Logger = Logger(label: "lambda-client", factory: { _ in SwiftLogNoOpLogHandler() }),
    isolation: isolated (any Actor)? = #isolation, _ body: (LambdaClient) async throws -> Value
) async throws -> Value {
    let client = LambdaClient(broker, configuration: configuration, logger: logger)
    try await client.connect()
    do {
        let value = try await body(client)
        await client.close()
        return value
    } catch {
        await client.close()
        throw error
    }
}
