import NIOCore
import NIOPosix
import TestSupport
import NIOConcurrencyHelpers

/// A server on a free port of 127.0.0.1 that plays a script to each client that connects.
package enum ScriptedBroker {
    /// What is played on one connection; `index` counts the connections from 0. The socket is closed at its end.
    package typealias Script = @Sendable (_ session: ScriptedBrokerSession, _ index: Int) async throws -> Void

    /// Runs `body` with the port of a broker that plays `script`, which ends with `body`.
    ///
    /// - Throws: what `body` threw, else the first error of the script.
    package static func run(
        _ script: @escaping Script, _ body: @Sendable (_ port: Int) async throws -> Void
    ) async throws {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            // Nothing is read before somebody plays: there may be nobody any more for a client that comes at the end, and
            // a `NIOAsyncChannel` that nobody executes ends the process.
            .childChannelOption(.autoRead, value: false)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.parent?.closeFuture.whenComplete { _ in channel.close(promise: nil) }
                return channel.eventLoop.makeSucceededFuture(channel)
            }
        let port = server.channel.localAddress?.port ?? 0
        let failure = FirstFailure()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try? await server.executeThenClose { clients in
                    try await withThrowingDiscardingTaskGroup { sessions in
                        var index = 0
                        for try await client in clients {
                            let number = index
                            index += 1
                            sessions.addTask {
                                do {
                                    try await Self.play(script, to: client, number)
                                } catch is CancellationError {
                                } catch {
                                    failure.record(error)
                                }
                            }
                        }
                    }
                }
            }
            try await body(port)
            group.cancelAll()
        }
        try failure.rethrow()
    }

    private static func play(
        _ script: Script, to channel: any Channel, _ index: Int
    ) async throws {
        // A socket that the client has closed already cannot be read, or closed in order; that is no failure of the script.
        let wrapped = try? await channel.eventLoop.submit {
            let client = try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
            channel.setOption(.autoRead, value: true).whenFailure { _ in channel.close(promise: nil) }
            return client
        }.get()
        guard let client = wrapped else { return }
        let result = try? await client.executeThenClose { inbound, outbound -> Result<Void, any Error> in
            do {
                try await script(ScriptedBrokerSession(inbound, outbound), index)
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try result?.get()
    }
}

private final class FirstFailure: Sendable {
    private let error = NIOLockedValueBox<(any Error)?>(nil)

    func record(_ error: any Error) { self.error.withLockedValue { $0 = $0 ?? error } }

    func rethrow() throws {
        if let error = self.error.withLockedValue({ $0 }) { throw error }
    }
}

/// One connection of a ``ScriptedBroker``: what the script reads and writes.
package final class ScriptedBrokerSession {
    /// A frame that the client sent.
    package struct Frame: Sendable, Equatable {
        package var type: UInt8
        package var channel: UInt16
        package var payload: [UInt8]

        /// Class and method of a method frame, such as "60.40".
        package var method: String {
            guard self.type == 1, self.payload.count >= 4 else { return "frame of type \(self.type)" }
            let bytes = self.payload.map { Int($0) }
            return "\(bytes[0] << 8 | bytes[1]).\(bytes[2] << 8 | bytes[3])"
        }
    }

    /// The client did not do what the script says.
    package struct Deviation: Error, CustomStringConvertible {
        package let description: String
    }

    private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private var unread = ByteBuffer()

    init(_ inbound: NIOAsyncChannelInboundStream<ByteBuffer>, _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>) {
        self.inbound = inbound.makeAsyncIterator()
        self.outbound = outbound
    }

    /// Sends bytes.
    package func send(_ bytes: [UInt8]) async throws {
        try await self.outbound.write(ByteBuffer(bytes: bytes))
    }

    /// Reads the protocol header.
    package func expectProtocolHeader() async throws {
        guard let header = try await self.read(8), header == Array("AMQP".utf8) + [0, 0, 9, 1] else {
            throw Deviation(description: "no protocol header came")
        }
    }

    /// The client's next frame; heartbeats are passed over. `nil` when the client has closed the connection.
    package func nextFrame() async throws -> Frame? {
        while let head = try await self.read(7) {
            let count = head[3...6].reduce(0) { $0 << 8 | Int($1) }
            guard let rest = try await self.read(count + 1) else { return nil }
            if head[0] == 8 { continue }
            return Frame(
                type: head[0], channel: UInt16(head[1]) << 8 | UInt16(head[2]), payload: Array(rest.dropLast()))
        }
        return nil
    }

    /// Reads the next frame, which has to be this method.
    @discardableResult
    package func expect(_ method: String) async throws -> Frame {
        guard let frame = try await self.nextFrame() else {
            throw Deviation(description: "the client closed the connection instead of sending \(method)")
        }
        guard frame.method == method else { throw Deviation(description: "\(frame.method) came, not \(method)") }
        return frame
    }

    /// Reads until the client closes the connection; its `connection.close` is answered, if it waits for that.
    package func waitForEnd() async throws {
        while let frame = try await self.nextFrame() {
            if frame.method == "10.50" { try? await self.send(RawFrame.connectionCloseOK) }
        }
    }

    /// The whole handshake, as a broker does it for a client it lets in.
    package func handshake(frameMax: UInt32 = 131_072, heartbeat: UInt16 = 60) async throws {
        try await self.expectProtocolHeader()
        try await self.send(RawFrame.start())
        try await self.expect("10.11")
        try await self.send(RawFrame.tune(frameMax: frameMax, heartbeat: heartbeat))
        try await self.expect("10.31")
        try await self.expect("10.40")
        try await self.send(RawFrame.openOK)
    }

    private func read(_ count: Int) async throws -> [UInt8]? {
        while self.unread.readableBytes < count {
            // A client that closes while bytes of ours are under way resets the connection: an end like any other.
            guard var more = (try? await self.inbound.next()) ?? nil else {
                try Task.checkCancellation()
                return nil
            }
            self.unread.writeBuffer(&more)
        }
        return self.unread.readBytes(length: count)
    }
}
