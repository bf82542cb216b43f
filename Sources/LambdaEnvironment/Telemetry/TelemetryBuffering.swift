internal import LambdaProtocol
package import NIOCore

/// When a subscriber's batch is full (contract 8.1).
package struct TelemetryBuffering: Sendable, Equatable {
    /// Events in a batch at most; default 10 000.
    package var maxItemCount = 10_000
    /// Bytes in a batch at most; default 262 144.
    package var maxByteCount = 262_144
    /// How long the first event of a batch waits for more; default 1 s.
    package var timeout = TimeAmount.seconds(1)

    package init() {}

    /// Reads the member `buffering` of a subscription.
    ///
    /// - Throws: What is wrong with it.
    static func parse(_ value: JSONValue?) throws(TelemetryRequestFailure) -> TelemetryBuffering {
        var buffering = TelemetryBuffering()
        switch value {
        case nil, .null: return buffering
        case .object: break
        default: throw .init("buffering must be an object")
        }
        if let count = try self.integer("maxItems", of: value, in: 1000...10_000) { buffering.maxItemCount = count }
        if let count = try self.integer("maxBytes", of: value, in: 262_144...1_048_576) {
            buffering.maxByteCount = count
        }
        if let milliseconds = try self.integer("timeoutMs", of: value, in: 25...30_000) {
            buffering.timeout = .milliseconds(Int64(milliseconds))
        }
        return buffering
    }

    private static func integer(
        _ name: String, of value: JSONValue?, in range: ClosedRange<Int>
    ) throws(TelemetryRequestFailure) -> Int? {
        switch value?[name] {
        case nil, .null: return nil
        case .some(let member):
            guard let number = member.integerValue, range.contains(number) else {
                throw .init("buffering.\(name) must be from \(range.lowerBound) to \(range.upperBound)")
            }
            return number
        }
    }
}
