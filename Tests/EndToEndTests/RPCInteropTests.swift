import AMQP
import AMQPRPC
import Foundation
import NIOCore
import TestSupport
import Testing

extension EndToEnd {
    /// The RPC library and other people's, either way round.
    @Suite struct RPCInterop {
        private let queue = "test-interop-\(UUID().uuidString)"

        private func peer(_ role: String, _ arguments: String...) throws -> Program {
            try Program(
                ProgramEnvironment.python(),
                [Daemon.scripts + "/rpc_peer.py", role, ProgramEnvironment.brokerURI(), self.queue] + arguments)
        }

        private func request(_ body: ByteBuffer, _ headers: AMQPTable? = nil) -> RPCRequest {
            RPCRequest(
                routingKey: AMQPShortString(self.queue), properties: AMQPProperties(contentType: nil, headers: headers),
                body: body)
        }

        /// Runs a test with a client of ours and a server of theirs.
        private func withServer(_ library: String, _ body: (RPCClient) async throws -> Void) async throws {
            let server = try self.peer(library + "-server")
            let connection = try await IntegrationBroker.connect()
            let client = try await RPCClient.start(on: connection)
            while !server.output.contains("ready") {
                try #require(Program.isRunning(server.processID), "\(server.errors)")
                try await Task.sleep(for: .milliseconds(20))
            }
            var failure: (any Error)?
            do { try await body(client) } catch { failure = error }
            _ = try? await client.call(self.request(ByteBuffer(string: "stop")), timeout: .seconds(30))
            let end = try await server.result()
            #expect(end.status == .exited(0), "\(end.errors)")
            try await connection.openChannel().deleteQueue(self.queue)
            await connection.close()
            if let failure { throw failure }
        }

        @Test(arguments: ["pika", "aio-pika"])
        func theirServerAnswersOurClient(library: String) async throws {
            try await self.withServer(library) { client in
                try await withThrowingDiscardingTaskGroup { group in
                    for number in 0..<200 {
                        group.addTask {
                            // Not UTF-8: a body is bytes.
                            let body = ByteBuffer(bytes: [0xFF, 0, UInt8(number)])
                            let reply = try await client.call(self.request(body), timeout: .seconds(30))
                            #expect(reply.body == body)
                        }
                    }
                }
                let error = await #expect(throws: AMQPError.self) {
                    try await client.call(self.request(ByteBuffer(string: "refuse")), timeout: .seconds(30))
                }
                let fault = RPCFault(
                    type: "Refused", status: 409, message: "as you wished", isRetriable: true,
                    details: ByteBuffer(string: "refuse"))
                #expect(error?.code == .fault && error?.fault == fault && error?.isRetriable == true)
                // It knows nothing of beats and streams, and still answers.
                _ = try await client.call(
                    self.request(ByteBuffer(string: "watched")), timeout: .seconds(30), silenceTimeout: .seconds(20))
                var bodies: [ByteBuffer] = []
                for try await reply in try client.stream(
                    self.request(ByteBuffer(string: "once")), timeout: .seconds(30))
                {
                    bodies.append(reply.body)
                }
                #expect(bodies == [ByteBuffer(string: "once")])
            }
        }

        @Test(arguments: ["pika", "aio-pika"])
        func ourServerAnswersTheirClient(library: String) async throws {
            let connection = try await IntegrationBroker.connect()
            let channel = try await connection.openChannel()
            let queue = AMQPQueueDeclaration(name: self.queue, arguments: ["x-expires": 60_000])
            try await channel.declareQueue(queue)
            let server = RPCServer(
                connection: connection,
                configuration: RPCServerConfiguration(queue: queue, concurrency: 16, allowsStreams: true)
            ) { context in
                switch String(buffer: context.body) {
                case "refuse":
                    throw RPCFault(
                        type: "Refused", status: 409, message: "as you wished", isRetriable: true, details: context.body
                    )
                case "stream":
                    for number in 1...7 { try await context.send(RPCReply(body: ByteBuffer(string: "\(number)"))) }
                    return .noReply
                default: return .reply(RPCReply(body: context.body))
                }
            }
            let serving = Task { try await server.run() }
            let roles = [["200"], ["refuse"]] + (library == "pika" ? [["stream"]] : [])
            for arguments in roles {
                let client = try await self.peer(library + "-client", arguments[0]).result()
                #expect(client.status == .exited(0), "\(client.errors)")
                #expect(client.output.trimmingLastNewline == (arguments[0] == "stream" ? "1 2 3 4 5 6 7" : "done"))
            }
            server.triggerGracefulShutdown()
            try await serving.value
            try await channel.deleteQueue(self.queue)
            await connection.close()
        }

        /// They keep the value, and not the width: integers come back as they write them, and text that is not UTF-8 as
        /// bytes. pika reads a `float` and a `double` as whole numbers (`long` in its `decode_value`), aio-pika takes
        /// bytes for text: so each is asked for what it can.
        @Test(arguments: ["pika", "aio-pika"])
        func everyFieldTypeSurvivesARoundTripThroughTheirLibrary(library: String) async throws {
            let bytes = ByteBuffer(bytes: [0xFF, 0, 0xCE])
            let all: AMQPTable = [
                "true": true, "false": false, "int8": .int8(.min), "uint8": .uint8(.max), "int16": .int16(.min),
                "uint16": .uint16(.max), "int32": .int32(.min), "uint32": .uint32(.max), "int64": .int64(.min),
                "large": .int64(.max), "double": .double(-0.25), "float": .float(1.5),
                "decimal": .decimal(scale: 3, unscaled: 12_345), "string": "Grüße", "empty": "",
                "not UTF-8": .longString(bytes), "bytes": .bytes(bytes), "timestamp": .timestamp(1_763_700_000),
                "null": nil, "array": [1, "two", [nil, ["in": false]], []], "table": ["x": ["y": [:]]],
            ]
            let cannot = library == "pika" ? ["double", "float"] : ["not UTF-8", "bytes", "decimal"]
            let sent = AMQPTable(entries: all.entries.filter { !cannot.contains($0.key) })
            try await self.withServer(library) { client in
                let reply = try await client.call(
                    self.request(ByteBuffer(string: "headers"), sent), timeout: .seconds(30))
                let got = try #require(reply.properties.headers)
                #expect(Set(got.entries.map(\.key)) == Set(sent.entries.map(\.key)))
                for entry in sent {
                    let value = try #require(got[entry.key])
                    #expect(value.isSame(as: entry.value), "\(entry.key): \(entry.value) came back as \(value)")
                }
            }
        }
    }
}

extension AMQPValue {
    /// Whether two values are the same to somebody who does not care for widths.
    fileprivate func isSame(as other: AMQPValue) -> Bool {
        if let integer = self.integerValue { return integer == other.integerValue }
        if let bytes = self.bytesValue { return bytes == other.bytesValue }
        switch (self, other) {
        case (.double(let left), .float(let right)): return left == Double(right)
        case (.float(let left), .double(let right)): return Double(left) == right
        case (.array(let left), .array(let right)):
            return left.count == right.count && zip(left, right).allSatisfy { $0.isSame(as: $1) }
        case (.table(let left), .table(let right)):
            return left.count == right.count
                && zip(left, right).allSatisfy { $0.key == $1.key && $0.value.isSame(as: $1.value) }
        default: return self == other
        }
    }
}
