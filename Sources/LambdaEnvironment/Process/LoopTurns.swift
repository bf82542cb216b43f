internal import CLinux
internal import Glibc
package import NIOCore
internal import NIOPosix

/// Waits until the event loop has looked at its sockets so many times.
///
/// A timer would not do: a loop that is behind its time runs every task that is due before it looks at a socket again. So
/// a byte goes through a pipe of the loop's own, behind everything that has arrived before it.
// @unchecked: every member is used on the event loop only.
package final class LoopTurns: ChannelInboundHandler, @unchecked Sendable {
    package typealias InboundIn = ByteBuffer

    private var remaining: Int
    private let output: OwnedDescriptor
    private let completion: () -> Void

    private init(_ count: Int, output: OwnedDescriptor, completion: @escaping () -> Void) {
        self.remaining = count
        self.output = output
        self.completion = completion
    }

    /// Calls `completion` after `count` turns; at once where the process can open no pipe.
    package static func wait(_ count: Int, on eventLoop: any EventLoop, completion: @escaping () -> Void) {
        eventLoop.assertInEventLoop()
        var reading: Int32 = -1
        var writing: Int32 = -1
        guard count > 0, clinux_open_pipe(&reading, &writing) == 0 else { return completion() }
        let turns = LoopTurns(count, output: OwnedDescriptor(owning: writing), completion: completion)
        let input = reading
        NIOPipeBootstrap(group: eventLoop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(turns) }
            }
            .takingOwnershipOfDescriptor(input: input)
            .assumeIsolated()
            .whenComplete { result in
                if case .failure = result {
                    close(input)
                    return turns.completion()
                }
                turns.begin()
            }
    }

    private func begin() {
        var byte: UInt8 = 0
        _ = write(self.output.number, &byte, 1)
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.remaining -= 1
        if self.remaining > 0 { return self.begin() }
        context.close(promise: nil)
        self.completion()
    }
}
