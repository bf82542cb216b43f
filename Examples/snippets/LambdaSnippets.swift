import AMQP
import LambdaAMQP
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

// What README.md and LambdaAMQP's documentation show, compiled: a test compares the texts.

struct Order: Codable {
    var item: String
    var count: Int
}

struct Receipt: Codable {
    var total: Int
}

func scoped() async throws {
    let broker = try AMQPConfiguration(uri: "amqp://localhost")
    let receipt = try await withLambdaClient(broker) { lambda in
        try await lambda.invoke("checkout", event: Order(item: "tea", count: 2), as: Receipt.self)
    }
    print(receipt.total)
}

func quickStart() async throws {
    let price: Int = try await withLambdaClient(AMQPConfiguration(uri: "amqp://localhost")) { lambda in
        try await lambda.invoke("price", event: ["item": "tea"])
    }
    print(price)
}

func service(logger: Logger, webServer: any Service) async throws {
    let lambda = LambdaClient(try AMQPConfiguration(uri: "amqp://localhost"), logger: logger)
    let group = ServiceGroup(
        services: [lambda, webServer], gracefulShutdownSignals: [.sigterm], logger: logger)
    try await group.run()
}

func sharedConnection() async throws {
    let connection = try await AMQPConnection.connect(AMQPConfiguration(uri: "amqp://localhost"))
    let lambda = try await LambdaClient(connection: connection)
    let result = try await lambda.invoke("echo-lambda", payload: ByteBuffer(string: #"{"key": "value"}"#))
    print(String(buffer: result.payload))
    await lambda.close()
    await connection.close()
}

func streaming(_ lambda: LambdaClient, event: ByteBuffer) async throws {
    for try await event in try await lambda.invokeWithResponseStream("echo-lambda", payload: event) {
        switch event {
        case .chunk(let bytes): print(String(buffer: bytes))
        case .complete(let result): print(result.functionError as Any)  // where the function failed in mid-stream
        }
    }
}

func events(_ lambda: LambdaClient) async throws {
    let requestID = try await lambda.invokeEvent("send-mail", event: ["to": "eve@example.org"])
    print(requestID)
}

func options(_ lambda: LambdaClient) async throws {
    let options = InvocationOptions(
        timeout: .seconds(5), qualifier: "prod", clientContext: #"{"custom": {"tenant": "a"}}"#, wantsLogTail: true)
    let result = try await lambda.invoke("checkout", payload: ByteBuffer(string: "{}"), options: options)
    if let tail = result.logTail { print(String(buffer: tail)) }
}

func defaults() async throws {
    let configuration = LambdaClientConfiguration(
        defaultOptions: InvocationOptions(timeout: .seconds(10), retryPolicy: .once))
    let lambda = LambdaClient(try AMQPConfiguration(uri: "amqp://localhost"), configuration: configuration)
    var patient = lambda.configuration.defaultOptions
    patient.timeout = .seconds(300)
    _ = try await lambda.invoke("report", payload: ByteBuffer(string: "{}"), options: patient)
}

func onTheLoop(_ lambda: LambdaClient, _ event: ByteBuffer) async throws {
    try await withTaskExecutorPreference(lambda.taskExecutor) {
        let result = try await lambda.invoke("echo", payload: event)
        print(result.payload)
    }
}

func onNIOsThreads() {
    NIOSingletons.unsafeTryInstallSingletonPosixEventLoopGroupAsConcurrencyGlobalExecutor()
}

func answers(_ lambda: LambdaClient, _ order: Order) async throws {
    let result = try await lambda.invoke("checkout", encoding: order)
    let receipt = try result.decode(as: Receipt.self)
    print(result.requestID ?? "", receipt.total)
}

func errors(_ lambda: LambdaClient, _ order: Order) async throws -> Receipt? {
    do {
        return try await lambda.invoke("checkout", event: order)
    } catch let error as FunctionError {
        // It ran and failed: its own words.
        print(error.errorType ?? "", error.message ?? "")
    } catch let error as LambdaError where error.mayHaveExecuted {
        // Nobody knows, or it did: the same again only where that does no harm.
        print(error)
    } catch let error as LambdaError {
        // It has certainly not run.
        print(error.isRetriable ? "later" : "never", error.code)
    }
    return nil
}

func retries(_ lambda: LambdaClient, _ order: Order) async throws -> Receipt {
    let options = InvocationOptions(
        timeout: .seconds(30),
        retryPolicy: LambdaRetryPolicy(maximumAttempts: 10, maximumDelay: .seconds(5), attemptTimeout: .seconds(10)),
        isIdempotent: true)
    return try await lambda.invoke("checkout", event: order, options: options)
}

/// What a service invokes, in words of its own.
protocol Checkout: Sendable {
    func receipt(for order: Order) async throws -> Receipt
}

struct LambdaCheckout: Checkout {
    var lambda: LambdaClient

    func receipt(for order: Order) async throws -> Receipt {
        try await self.lambda.invoke("checkout", event: order)
    }
}

/// What stands in its place in a test.
struct FakeCheckout: Checkout {
    var result: Result<InvocationResult, LambdaError>

    func receipt(for order: Order) async throws -> Receipt {
        try self.result.get().decode()
    }
}

func fakes() -> [FakeCheckout] {
    let paid = InvocationResult(payload: ByteBuffer(string: #"{"total": 7}"#))
    let failed = InvocationResult(functionError: FunctionError(errorType: "OutOfStock", message: "no tea"))
    let lost = LambdaError(.noAnswer, "the connection was lost")
    return [FakeCheckout(result: .success(paid)), FakeCheckout(result: .success(failed)), FakeCheckout(result: .failure(lost))]
}

func readiness(_ lambda: LambdaClient) -> Bool {
    let isReady = if case .connected = lambda.state { true } else { false }
    return isReady
}

func states(_ lambda: LambdaClient) async {
    for await state in lambda.states() {
        switch state {
        case .connecting: print("not yet")
        case .connected: print("up")
        case .blocked(let reason): print("the broker takes no messages: \(reason)")
        case .recovering(let error): print("down: \(error)")
        case .closed: print("over")
        }
    }
}
