import LambdaProtocol
package import NIOCore

/// The members of an error's JSON body (contract 1.6).
package struct ErrorMessage {
    /// The message, or the body as it is when it has none.
    package let text: String
    /// The member that held the message; AWS spells it in two ways.
    package let member: String
    /// `Type`: `User` or `Service`.
    package let faultType: String?
    /// `Reason` of a 429.
    package let reason: String?

    /// Reads a body, which may be anything.
    package init(_ body: ByteBuffer) {
        let document = try? JSONValue.parse(body).get()
        let isCapitalised = document?["message"]?.stringValue == nil && document?["Message"]?.stringValue != nil
        self.member = isCapitalised ? "Message" : "message"
        self.text = document?[self.member]?.stringValue ?? String(buffer: body)
        self.faultType = document?["Type"]?.stringValue
        self.reason = document?["Reason"]?.stringValue
    }
}
