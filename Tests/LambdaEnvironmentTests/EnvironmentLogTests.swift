import Foundation
import LambdaEnvironment
import LambdaProtocol
import Logging
import NIOCore
import NIOPosix
import Testing

@Suite(.timeLimit(.minutes(1))) struct EnvironmentLogTests {
    let eventLoop = MultiThreadedEventLoopGroup.singleton.next()

    /// What a log has written, and the tail of the invocation in it, once `body` has printed.
    func outcome(
        _ body: @escaping @Sendable (EnvironmentLog, LambdaEnvironment.Invocation) throws -> ByteBuffer
    ) async throws -> (output: String, tail: String) {
        let path = NSTemporaryDirectory() + "/log-" + UUID().uuidString
        let file = OwnedDescriptor(owning: open(path, O_CREAT | O_EXCL | O_WRONLY | O_APPEND, 0o600))
        defer { unlink(path) }
        let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let function = FunctionDescription(name: "echo")
        let configuration = EnvironmentConfiguration(
            function: function, command: [], variables: RuntimeEnvironmentVariables(container: [:], function: function))
        let tail = try await self.eventLoop.submit { [eventLoop] in
            let writer = LogWriter(descriptor: file.number, eventLoop: eventLoop, logger: logger)
            let log = EnvironmentLog(
                configuration: configuration, writer: writer, eventLoop: eventLoop, logger: logger)
            let request = InvocationRequest(
                requestID: "id", event: ByteBuffer(), invokedFunctionARN: "arn", wantsLogTail: true)
            let tail = try body(log, Invocation(request) { _ in })
            log.processesEnded()
            writer.flush()
            return String(buffer: tail)
        }.get()
        return (try String(contentsOfFile: path, encoding: .utf8), tail)
    }

    static func write(_ text: String, to descriptor: OwnedDescriptor?) throws {
        let descriptor = try #require(descriptor)
        #expect(Glibc.write(descriptor.number, text, text.utf8.count) == text.utf8.count)
    }

    let record = InvocationRecord(requestID: "id", duration: .milliseconds(3))

    @Test func whatAnExtensionPrintsIsInTheOutputAndInNoTail() async throws {
        let (output, tail) = try await self.outcome { [record] log, invocation in
            log.initStarted(inside: nil)
            let (runtime, other) = (log.captureRuntime(), log.captureExtension())
            log.began(invocation)
            try Self.write("runtime\n", to: runtime)
            try Self.write("extension\n", to: other)
            let tail = log.takeTail(record)
            log.ended(record)
            return tail
        }
        let start = "START RequestId: id Version: $LATEST\n"
        #expect(tail.hasPrefix(start + "runtime\nEND RequestId: id\nREPORT RequestId: id\t"))
        #expect(!tail.contains("extension"))
        #expect(
            output.hasPrefix(
                "INIT_START Runtime Version: provided\n" + start
                    + "runtime\nextension\nEND RequestId: id\nREPORT RequestId: id\t"))
    }

    @Test func anUnfinishedLineIsInTheTailAndWholeInTheOutput() async throws {
        let (output, tail) = try await self.outcome { [record] log, invocation in
            log.initStarted(inside: nil)
            let runtime = log.captureRuntime()
            log.began(invocation)
            try Self.write("begin", to: runtime)
            let tail = log.takeTail(record)
            log.ended(record)
            try Self.write("ning\n", to: runtime)
            return tail
        }
        #expect(tail.contains("\nbegin\nEND RequestId: id\n"))
        #expect(output.hasSuffix("\nbeginning\n"))
        #expect(!output.contains("begin\n"))
    }

    @Test func theLastLineOfAProcessThatEndedComesBeforeTheNewsOfIt() async throws {
        let (output, _) = try await self.outcome { log, invocation in
            log.initStarted(inside: nil)
            let runtime = log.captureRuntime()
            log.began(invocation)
            try Self.write("last words", to: runtime)
            let record = InvocationRecord(
                requestID: "id", duration: .milliseconds(3), failure: .exited(.signal(SIGKILL)))
            let tail = log.takeTail(record)
            log.ended(record)
            return tail
        }
        #expect(output.contains("\nlast words\nRequestId: id Error: Runtime exited with error: signal: killed\n"))
    }
}
