internal import LambdaProtocol
package import NIOCore

/// What one extension wants to be told, and where (contract 8.1).
package struct TelemetrySubscription: Sendable, Equatable {
    package var version: TelemetryAPIVersion
    /// In the order in which they were asked for, each once.
    package var types: [TelemetryType]
    package var destination: TelemetryDestination
    package var buffering: TelemetryBuffering

    package init(
        version: TelemetryAPIVersion, types: [TelemetryType], destination: TelemetryDestination,
        buffering: TelemetryBuffering = TelemetryBuffering()
    ) {
        self.version = version
        self.types = types
        self.destination = destination
        self.buffering = buffering
    }

    /// Reads the body of a request.
    ///
    /// - Parameters:
    ///   - body: JSON.
    ///   - api: The API that was asked.
    /// - Returns: The subscription.
    /// - Throws: What is wrong with it.
    package static func parse(
        _ body: ByteBuffer, for api: TelemetryAPIVersion.API
    ) throws(TelemetryRequestFailure) -> TelemetrySubscription {
        let request: JSONValue
        switch JSONValue.parse(body) {
        case .success(let value): request = value
        case .failure(let failure): throw .init("\(failure)")
        }
        let schema: String?
        switch request["schemaVersion"] {
        case nil, .null: schema = nil
        case .string(let name): schema = name
        default: throw .init("schemaVersion must be a string")
        }
        guard let version = TelemetryAPIVersion.named(schema, of: api) else {
            throw .init("schemaVersion \(schema ?? "") is not supported")
        }
        return TelemetrySubscription(
            version: version, types: try self.types(request["types"]),
            destination: try TelemetryDestination.parse(request["destination"]),
            buffering: try TelemetryBuffering.parse(request["buffering"]))
    }

    private static func types(_ value: JSONValue?) throws(TelemetryRequestFailure) -> [TelemetryType] {
        var types: [TelemetryType] = []
        for element in value?.arrayValue ?? [] {
            guard let type = element.stringValue.flatMap(TelemetryType.init) else {
                throw .init("types may have platform, function and extension only")
            }
            if !types.contains(type) { types.append(type) }
        }
        guard !types.isEmpty else { throw .init("types must name at least one of platform, function and extension") }
        return types
    }
}
