package import LambdaProtocol

/// Settings of the Invoke API.
package struct InvokeAPIConfiguration: Sendable {
    /// The sizes that are allowed.
    package var limits = LambdaLimits()
    /// Whether an event has to be JSON, as on AWS. Otherwise any bytes are handed to the function.
    package var requiresJSON = true

    /// AWS's limits, and JSON only.
    package init() {}
}
