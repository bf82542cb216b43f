package import NIOHTTP1

/// The head of a request: method, target and header fields. Path and query are the exchange's.
package struct HTTPRequest: Sendable {
    /// The method.
    package let method: HTTPMethod
    /// The target as it was sent.
    package let target: String
    /// The x of HTTP/1.x.
    let minorVersion: UInt8
    /// The header fields.
    package let headers: HTTPFields
}
