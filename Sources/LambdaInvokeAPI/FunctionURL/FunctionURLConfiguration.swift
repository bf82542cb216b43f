package import LambdaProtocol

/// Settings of function URLs.
package struct FunctionURLConfiguration: Sendable {
    /// Which requests lead where.
    package var table = FunctionURLTable()
    /// The sizes that are allowed; of a request, the event that is made of it counts.
    package var limits = LambdaLimits()
    /// Whether there is a reverse proxy in front, whose `X-Forwarded-` fields are to be believed.
    package var trustsProxy = false

    /// Serves nothing.
    package init() {}
}
