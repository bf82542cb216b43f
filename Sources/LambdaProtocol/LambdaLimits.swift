/// The sizes that AWS allows; each may be set otherwise (contract 1.7).
package struct LambdaLimits: Sendable {
    /// The largest event of a caller who waits, in bytes.
    package var requestByteCount = 6_291_456
    /// The largest response, in bytes.
    package var responseByteCount = 6_291_556
    /// The largest response to a caller who takes it as a stream, in bytes: AWS's 200 MB.
    package var streamedResponseByteCount = 209_715_200
    /// The largest event that nobody waits for, in bytes.
    package var eventByteCount = 1_048_576
    /// The largest payload of the deprecated InvokeAsync, in bytes.
    package var invokeAsyncByteCount = 262_144
    /// The largest client context, in bytes of base64.
    package var clientContextByteCount = 3583

    /// The longest function name, in bytes of an ARN with its qualifier.
    package var functionNameByteCount = 256
    /// The longest qualifier, in bytes.
    package var qualifierByteCount = 128

    /// AWS's limits.
    package init() {}
}
