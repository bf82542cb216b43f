import AMQP
import Glibc
import LambdaAMQP
import NIOCore
import NIOPosix

/// Keeps a number of invocations outstanding and prints their rate and latency, as `amqp_rpc_load` does.
///
/// usage: client-load URI FUNCTION COUNT OUTSTANDING BYTES [loop | global | events | confirmed]
///
/// The callers run on Swift's default executor. With `loop` they prefer the connection's event loop; with `global` NIO's
/// event loops are what the default executor runs on, in the whole program. With `events` they are events, and with
/// `confirmed` the same messages are published with the channel's confirms alone: only the rate then.
@main
struct ClientLoad {
    static func main() async throws {
        let arguments = CommandLine.arguments
        let mode = arguments.dropFirst(6).first ?? ""
        guard (6...7).contains(arguments.count), ["", "loop", "global", "events", "confirmed"].contains(mode),
            let count = Int(arguments[3]), let outstanding = Int(arguments[4]),
            let byteCount = Int(arguments[5]), count > 0, outstanding > 0
        else {
            print("usage: client-load URI FUNCTION COUNT OUTSTANDING BYTES [loop | global | events | confirmed]")
            exit(64)
        }
        if mode == "global", !NIOSingletons.unsafeTryInstallSingletonPosixEventLoopGroupAsConcurrencyGlobalExecutor() {
            print("client-load: global: Swift's libraries have to be linked dynamically, and older than 6.4")
            exit(69)
        }
        if mode == "events" || mode == "confirmed" {
            let rate = try await EventLoad.run(
                arguments[1], arguments[2], count: count, outstanding, Self.event(0, byteCount),
                confirmed: mode == "confirmed")
            return print("events \(count) rate \(rate)/s")
        }
        try await withLambdaClient(AMQPConfiguration(uri: arguments[1])) { lambda in
            let executor = mode == "loop" ? lambda.taskExecutor : nil
            // Connections, caches and the allocator have had their first call.
            _ = try await Self.load(lambda, executor, arguments[2], count: min(count, 500), outstanding, byteCount)
            var before = Allocations.count
            let start = ContinuousClock.now
            let latencies = try await Self.load(lambda, executor, arguments[2], count: count, outstanding, byteCount)
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            before = Allocations.count - before
            func percentile(_ share: Double) -> Duration { latencies[min(count - 1, Int(Double(count) * share))] }
            print(
                "replies \(count) rate \(Int(Double(count) / seconds))/s",
                "p50 \(Self.text(percentile(0.5))) ms p99 \(Self.text(percentile(0.99))) ms",
                before > 0 ? "allocations/call \(before / count)" : "")
        }
    }

    private static func text(_ duration: Duration) -> String {
        let microseconds = Int(duration / .microseconds(1))
        let fraction = String(microseconds % 1000)
        return "\(microseconds / 1000)." + String(repeating: "0", count: 3 - fraction.count) + fraction
    }

    /// - Returns: The latencies, in order of size.
    private static func load(
        _ lambda: LambdaClient, _ executor: (any TaskExecutor)?, _ function: String, count: Int, _ outstanding: Int,
        _ byteCount: Int
    ) async throws -> [Duration] {
        try await withThrowingTaskGroup(of: [Duration].self) { group in
            for first in 0..<min(outstanding, count) {
                group.addTask(executorPreference: executor) {
                    var latencies: [Duration] = []
                    latencies.reserveCapacity(count / outstanding + 1)
                    for number in stride(from: first, to: count, by: outstanding) {
                        let event = Self.event(number, byteCount)
                        let start = ContinuousClock.now
                        let result = try await lambda.invoke(function, payload: event)
                        latencies.append(ContinuousClock.now - start)
                        guard result.payload == event else { throw LoadError.wrongReply }
                    }
                    return latencies
                }
            }
            var latencies: [Duration] = []
            for try await part in group { latencies += part }
            return latencies.sorted()
        }
    }

    /// A JSON string that carries its number; of 12 bytes at least, as in C.
    private static func event(_ number: Int, _ byteCount: Int) -> ByteBuffer {
        var event = ByteBuffer()
        event.writeWithUnsafeMutableBytes(minimumWritableBytes: max(12, byteCount)) { memory in
            let count = max(12, byteCount)
            memory[..<count].initializeMemory(as: UInt8.self, repeating: UInt8(ascii: "x"))
            var rest = number
            for index in stride(from: 9, to: 0, by: -1) {
                memory[index] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            }
            memory[0] = UInt8(ascii: "\"")
            memory[count - 1] = UInt8(ascii: "\"")
            return count
        }
        return event
    }

    private enum LoadError: Error {
        case wrongReply
    }
}

/// What `count_allocations.c`, loaded before the program, has counted.
private enum Allocations {
    private typealias Counter = @convention(c) () -> Int

    private static let counter = dlsym(nil, "allocation_count").map { unsafeBitCast($0, to: Counter.self) }

    static var count: Int { self.counter?() ?? 0 }
}
