/// How a function is served over plain HTTP: what AWS lets a function URL, or an API in front of a function, have.
package struct FunctionURL: Sendable, Equatable {
    /// The shape of the event, and of the answer.
    package enum PayloadFormat: String, Sendable, CaseIterable {
        /// As function URLs and HTTP APIs have it (contract 12.1, 12.3).
        case v2 = "2.0"
        /// As API Gateway's REST APIs have it (contract 12.5, 12.6).
        case v1 = "1.0"
    }

    /// How the answer is taken.
    package enum InvokeMode: String, Sendable, CaseIterable {
        /// Whole.
        case buffered = "BUFFERED"
        /// As the function makes it.
        case streaming = "RESPONSE_STREAM"
    }

    /// Who may ask.
    package enum AuthType: String, Sendable, CaseIterable {
        /// Everybody.
        case none = "NONE"
        /// Whoever signs with a key that may invoke the function.
        case iam = "AWS_IAM"
    }

    package var payloadFormat: PayloadFormat
    package var invokeMode: InvokeMode
    package var authType: AuthType
    /// Whether a body that the function says is Base64 is decoded, with payload format 1.0. API Gateway's REST APIs
    /// pass it on as it is, unless they have binary media types (contract 12.6).
    package var decodesBase64: Bool
    /// What scripts of other origins may do; `nil`: that is the function's business.
    package var cors: CORSPolicy?

    /// AWS's defaults.
    package init(
        payloadFormat: PayloadFormat = .v2, invokeMode: InvokeMode = .buffered, authType: AuthType = .none,
        decodesBase64: Bool = true, cors: CORSPolicy? = nil
    ) {
        self.payloadFormat = payloadFormat
        self.invokeMode = invokeMode
        self.authType = authType
        self.decodesBase64 = decodesBase64
        self.cors = cors
    }
}
