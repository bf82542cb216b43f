import CLinux
import Glibc
import LambdaEnvironment
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Testing

@Suite struct LoopTurnsTests {
    /// Notes that something was read.
    final class Reader: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        let events: NIOLockedValueBox<[String]>

        init(_ events: NIOLockedValueBox<[String]>) { self.events = events }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            self.events.withLockedValue { $0.append("read") }
        }
    }

    private static func afterTimers(_ count: Int, on loop: any EventLoop, _ body: @escaping @Sendable () -> Void) {
        guard count > 0 else { return body() }
        loop.scheduleTask(in: .milliseconds(1)) { self.afterTimers(count - 1, on: loop, body) }
    }

    private static func keepBusy(_ milliseconds: Int, _ loop: any EventLoop) {
        usleep(1000)
        if milliseconds > 1 { loop.execute { self.keepBusy(milliseconds - 1, loop) } }
    }

    /// What a dead process has sent is read before its end counts, however late the loop is.
    @Test func aLoopThatIsBehindItsTimeLooksAtItsSocketsAllTheSame() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let events = NIOLockedValueBox<[String]>([])
        var reading: Int32 = -1
        var writing: Int32 = -1
        try #require(clinux_open_pipe(&reading, &writing) == 0)
        let channel = try await NIOPipeBootstrap(group: group)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Reader(events)) }
            }
            .takingOwnershipOfDescriptor(input: reading).get()
        let output = writing
        let turned = loop.makePromise(of: Void.self)
        try await loop.submit {
            var byte: UInt8 = 1
            _ = write(output, &byte, 1)
            LoopTurns.wait(3, on: loop) {
                events.withLockedValue { $0.append("turned") }
                turned.succeed()
            }
            // Three timers, one after the other, are all due before the loop comes to its sockets.
            Self.afterTimers(3, on: loop) { events.withLockedValue { $0.append("timers") } }
            Self.keepBusy(20, loop)
        }.get()
        try await turned.futureResult.get()
        #expect(events.withLockedValue { $0 } == ["timers", "read", "turned"])
        close(output)
        try await channel.closeFuture.get()
        try await group.shutdownGracefully()
    }
}
