/// What the Extensions API answers: always 403, with the types and texts of contract 7.3.
extension RuntimeAPIRejection {
    private static func forbidden(_ errorType: String, _ message: String) -> Self {
        Self(status: 403, errorType: errorType, message: message)
    }

    package static let emptyExtensionName = Self.forbidden("Extension.InvalidExtensionName", "Empty extension name")
    package static let registrationClosed = Self.forbidden(
        "Extension.RegistrationClosed", "Extension registration closed already")
    package static let extensionNameTaken = Self.forbidden(
        "Extension.InvalidExtensionState", "Extension with this name already registered")
    package static let missingIdentifier = Self.forbidden(
        "Extension.MissingExtensionIdentifier", "Missing Lambda-Extension-Identifier header")
    package static let invalidIdentifier = Self.forbidden(
        "Extension.InvalidExtensionIdentifier", "Invalid Lambda-Extension-Identifier")
    /// On the routes that report errors; `next` says it in other words.
    package static let unknownIdentifier = Self.forbidden(
        "Extension.UnknownExtensionIdentifier", "Unknown Lambda-Extension-Identifier")
    package static let missingErrorType = Self.forbidden(
        "Extension.MissingHeader", "Lambda-Extension-Function-Error-Type not found")

    /// The body of a registration cannot be understood.
    package static func invalidFormat(_ reason: String) -> Self {
        self.forbidden("InvalidRequestFormat", reason)
    }

    package static func invalidEventType(_ event: String) -> Self {
        self.forbidden("Extension.InvalidEventType", "\(event): ErrorInvalidEventType")
    }

    package static func shutdownForInternalExtension(_ event: String) -> Self {
        self.forbidden("Extension.InvalidEventType", "\(event): ShutdownEventNotSupportedForInternalExtension")
    }

    package static func tooManyExtensions(limit: Int) -> Self {
        self.forbidden("Extension.TooManyExtensions", "Extension limit (\(limit)) reached")
    }

    package static func unknownExtension(_ identifier: String) -> Self {
        self.forbidden("Extension.UnknownExtensionIdentifier", "Unknown extension \(identifier)")
    }

    /// A request that the extension may not make in its state.
    ///
    /// - Parameters:
    ///   - state: Where the extension is.
    ///   - target: Where the request would have brought it.
    ///   - nameOrIdentifier: The name where it registers, later its identifier.
    /// - Returns: A 403.
    package static func extensionTransition(
        from state: ExtensionState, to target: ExtensionState, of nameOrIdentifier: String
    ) -> Self {
        self.forbidden(
            "Extension.InvalidExtensionState",
            "State transition from \(state.rawValue) to \(target.rawValue) failed for extension \(nameOrIdentifier). "
                + "Error: State transition is not allowed")
    }
}
