import LambdaHTTP
import LambdaInvokeAPI
import LambdaProtocol
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix

/// An HTTP answer as it came.
struct Answer: Sendable {
    var status = 0
    var headers = HTTPHeaders()
    var body = ""
    var bytes = ByteBuffer()

    func header(_ name: String) -> String? { self.headers.first(name: name) }
}

/// The Invoke API behind a socket, in front of a ``FakeInvoker``.
struct TestAPI: Sendable {
    let invoker: FakeInvoker
    let address: SocketAddress

    func post(_ path: String, body: String, headers: String = "") async throws -> Answer {
        try await self.request("POST", path, body: body, headers: headers)
    }

    func request(_ method: String, _ path: String, body: String, headers: String) async throws -> Answer {
        let promise = self.invoker.eventLoop.makePromise(of: Answer.self)
        let channel = try await ClientBootstrap(group: self.invoker.eventLoop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let decoder = ByteToMessageHandler(HTTPResponseDecoder())
                    try channel.pipeline.syncOperations.addHandlers(
                        HTTPRequestEncoder(), decoder, AnswerCollector(promise))
                }
            }
            .connect(to: self.address).get()
        var head = HTTPRequestHead(version: .http1_1, method: HTTPMethod(rawValue: method), uri: path)
        head.headers.add(name: "content-length", value: "\(body.utf8.count)")
        for line in headers.split(separator: "\r\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            head.headers.add(name: String(parts[0]), value: String(parts[1].drop { $0 == " " }))
        }
        channel.write(HTTPClientRequestPart.head(head), promise: nil)
        channel.write(HTTPClientRequestPart.body(.byteBuffer(ByteBuffer(string: body))), promise: nil)
        channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
        let answer = try await promise.futureResult.get()
        try await channel.close()
        return answer
    }

    func sendAndHangUp(_ path: String) async throws {
        let channel = try await ClientBootstrap(group: self.invoker.eventLoop).connect(to: self.address).get()
        try await channel.writeAndFlush(ByteBuffer(string: "POST \(path) HTTP/1.1\r\nContent-Length: 1\r\n\r\n1"))
        try await channel.close()
    }

    /// Sends a request, and hangs up once `meanwhile` is over.
    func hangUp(_ path: String, after meanwhile: () async throws -> Void) async throws {
        let channel = try await ClientBootstrap(group: self.invoker.eventLoop)
            .channelOption(.autoRead, value: false).connect(to: self.address).get()
        try await channel.writeAndFlush(ByteBuffer(string: "GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n"))
        try await meanwhile()
        try await channel.close()
    }

    func lastRequest() async throws -> InvocationRequest {
        try await self.invoker.eventLoop.submit { self.invoker.requests[self.invoker.requests.count - 1] }.get()
    }

    func requestCount() async throws -> Int {
        try await self.invoker.eventLoop.submit { self.invoker.requests.count }.get()
    }
}

func withAPI(
    _ configuration: InvokeAPIConfiguration = InvokeAPIConfiguration(), events: FakeEventAcceptor? = nil,
    authorizer: (any RequestAuthorizer)? = nil, _ body: (TestAPI) async throws -> Void
) async throws {
    try await withServer({ invoker in
        let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let api = InvokeAPI(
            invoker: invoker, events: events, configuration: configuration, authorizer: authorizer, logger: logger)
        return { api.handle($0) }
    }, body)
}

/// Runs `body` with a server of what `handler` makes for an invoker.
func withServer(
    _ handler: (FakeInvoker) -> (@Sendable (HTTPExchange) -> Void), _ body: (TestAPI) async throws -> Void
) async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let loop = group.next()
    let invoker = FakeInvoker(eventLoop: loop)
    let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    let handler = handler(invoker)
    let server = try await loop.flatSubmit {
        HTTPServer.bind(
            host: "127.0.0.1", port: 0, configuration: HTTPServerConfiguration(sendsDate: true), eventLoop: loop,
            logger: logger, handler: handler)
    }.get()
    guard let address = try await loop.submit({ server.localAddress }).get() else {
        preconditionFailure("the server has no address")
    }
    let result: Result<Void, any Error>
    do {
        result = .success(try await body(TestAPI(invoker: invoker, address: address)))
    } catch {
        result = .failure(error)
    }
    try await loop.flatSubmit { server.close() }.get()
    try await group.shutdownGracefully()
    try result.get()
}

private final class AnswerCollector: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    private var answer = Answer()
    private let promise: EventLoopPromise<Answer>

    init(_ promise: EventLoopPromise<Answer>) {
        self.promise = promise
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch self.unwrapInboundIn(data) {
        case .head(let head):
            self.answer.status = Int(head.status.code)
            self.answer.headers = head.headers
        case .body(let bytes):
            self.answer.body += String(buffer: bytes)
            self.answer.bytes.writeImmutableBuffer(bytes)
        case .end: self.promise.succeed(self.answer)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.promise.fail(ChannelError.eof)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.promise.fail(error)
    }
}
