import LambdaProtocol
import NIOCore

/// The JSON documents of the operations that read functions, with the members that are known here.
///
/// All members of AWS's shapes are optional (botocore's service model): what nobody knows is left out.
enum FunctionDocuments {
    /// ListFunctions.
    static func list(_ functions: [FunctionSummary], nextMarker: String?) -> ByteBuffer {
        let list = "[" + functions.map(self.configuration).joined(separator: ",") + "]"
        let marker = nextMarker.map { [("NextMarker", JSONText.string($0))] } ?? []
        return ByteBuffer(string: JSONText.object(marker + [("Functions", list)]))
    }

    /// GetFunction: nobody knows where the image is, so there is no more of it than that.
    static func function(_ function: FunctionSummary) -> ByteBuffer {
        ByteBuffer(
            string: JSONText.object([
                ("Configuration", self.configuration(function)), ("Code", "{}"), ("Tags", "{}"),
            ]))
    }

    /// GetFunctionConfiguration; also each element of a list.
    static func configuration(_ function: FunctionSummary) -> String {
        JSONText.object([
            ("FunctionName", JSONText.string(function.name)),
            ("FunctionArn", JSONText.string(function.qualifier.map { "\(function.arn):\($0)" } ?? function.arn)),
            ("Description", JSONText.string(self.description(of: function))),
            ("CodeSize", "0"),
            ("Timeout", "\(function.timeoutSeconds)"),
            ("MemorySize", "\(function.memoryMegabytes)"),
            ("LastModified", JSONText.string(self.timestamp(function.startedAt))),
            ("Version", JSONText.string(function.version)),
            ("TracingConfig", JSONText.object([("Mode", JSONText.string("PassThrough"))])),
            ("State", JSONText.string("Active")),
            ("LastUpdateStatus", JSONText.string("Successful")),
            ("PackageType", JSONText.string("Image")),
            ("Architectures", "[\(JSONText.string(function.architecture))]"),
        ])
    }

    /// There is no description of the user's: what serves the function stands in its place.
    private static func description(of function: FunctionSummary) -> String {
        let noun = function.containerCount == 1 ? "container" : "containers"
        return "\(function.containerCount) \(noun), \(function.freeSlots) of \(function.slots) slots free"
    }

    /// `2026-11-21T09:52:00.000+0000`, as AWS spells it.
    private static func timestamp(_ instant: EpochClock.Instant) -> String {
        String(instant.iso8601.dropLast()) + "+0000"
    }
}
