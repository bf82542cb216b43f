import AMQP
import Foundation
import LambdaAMQP
import NIOCore

/// Reads a function's answer while it is made, and prints when each piece came. usage: stream-reader FUNCTION [EVENT]
@main
struct StreamReader {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        let uri = ProcessInfo.processInfo.environment["AMQP_URI"] ?? "amqp://localhost"
        let function = arguments.first ?? "counter"
        let event = ByteBuffer(string: arguments.dropFirst().first ?? "5")
        try await withLambdaClient(AMQPConfiguration(uri: uri)) { lambda in
            let start = ContinuousClock.now
            let stream = try await lambda.invokeWithResponseStream(function, payload: event)
            for try await event in stream {
                let milliseconds = Int((ContinuousClock.now - start) / .milliseconds(1))
                switch event {
                case .chunk(let bytes):
                    // The function is slowed to the pace of this loop: take all the time that you need.
                    print("\(milliseconds) ms: \(String(buffer: bytes))", terminator: "")
                case .complete(let result):
                    print("\(milliseconds) ms: the end\(result.functionError.map { ", \($0)" } ?? "")")
                }
            }
        }
    }
}
