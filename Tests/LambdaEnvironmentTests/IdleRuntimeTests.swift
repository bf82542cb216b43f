import LambdaProtocol
import Logging
import NIOCore
import NIOEmbedded
import Testing

@testable import LambdaEnvironment
@testable import LambdaHTTP

/// A runtime that waits in `next`, in time that the test moves on itself (contract 4.3).
@Suite struct IdleRuntimeTests {
    private final class Delegate: RuntimeAPIDelegate {
        var posts: [RuntimePost] = []

        func runtimeBecameReady() {}
        func runtimePostStarted() {}
        func runtimePosted(_ post: RuntimePost, id: Substring) { self.posts.append(post) }
        func runtimePostedInitError(_ document: FunctionReply, errorType: String) {}
    }

    private let loop = EmbeddedEventLoop()
    private let delegate = Delegate()
    private let api: RuntimeAPI
    private let channel: EmbeddedChannel

    /// One connection to the Runtime API, with the limits of every environment's listener.
    init() throws {
        let api = RuntimeAPI(delegate: self.delegate, executedVersion: "$LATEST")
        api.processStarted()
        self.api = api
        self.channel = EmbeddedChannel(loop: self.loop)
        let server = HTTPServer(
            configuration: ExecutionEnvironment.listenerLimits, eventLoop: self.loop, logger: Logger(label: "test")
        ) { exchange in _ = api.handle(exchange) }
        let accepted = server.accept(self.channel)
        self.loop.run()
        try accepted.wait()
        try self.channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    private func answer() throws -> String? {
        try self.channel.readOutbound(as: ByteBuffer.self).map { String(buffer: $0) }
    }

    @Test func getsItsEventOverTheSameConnectionHoweverLongItHasWaited() throws {
        for id in ["a", "b", "c"] {
            try self.channel.writeInbound(
                ByteBuffer(string: "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n"))
            #expect(try self.answer() == nil)
            self.loop.advanceTime(by: .hours(48))
            #expect(self.channel.isActive)
            let request = InvocationRequest(
                requestID: id, event: ByteBuffer(string: "{}"), invokedFunctionARN: "arn")
            self.api.deliver(Invocation(request) { _ in }, remaining: .seconds(3))
            #expect(try self.answer()?.hasPrefix("HTTP/1.1 200 OK\r\n") == true)
            // The function itself may take its time as well.
            self.loop.advanceTime(by: .minutes(15))
            try self.channel.writeInbound(
                ByteBuffer(
                    string: "POST /2018-06-01/runtime/invocation/\(id)/response HTTP/1.1\r\nHost: x\r\n"
                        + "Content-Length: 2\r\n\r\n{}"))
            #expect(try self.answer()?.hasPrefix("HTTP/1.1 202 ") == true)
        }
        #expect(self.delegate.posts.count == 3)
    }
}
