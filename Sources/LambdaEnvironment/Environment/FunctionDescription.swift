/// What a function is called, and what its runtime is told of it.
package struct FunctionDescription: Sendable, Equatable {
    package var name: String
    /// The version: `$LATEST` (the default) or a number.
    package var version: String
    /// What the runtime is to call, as `_HANDLER`; empty where the runtime needs none.
    package var handler: String
    /// In MB; told to the runtime and printed, not enforced.
    ///
    /// Default 128, as on AWS.
    package var memorySizeInMegabytes: Int
    /// Default `us-east-1`, as aws-lambda-rie.
    package var region: String

    package init(
        name: String, version: String = "$LATEST", handler: String = "", memorySizeInMegabytes: Int = 128,
        region: String = "us-east-1"
    ) {
        self.name = name
        self.version = version
        self.handler = handler
        self.memorySizeInMegabytes = memorySizeInMegabytes
        self.region = region
    }
}
