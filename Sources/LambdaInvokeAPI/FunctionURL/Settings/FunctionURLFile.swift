import LambdaProtocol
package import NIOCore

/// The settings files of function URLs: JSON, read strictly. Whatever is unknown, malformed, repeated or beyond AWS's
/// limits is an error that names its place.
package struct FunctionURLFile: Sendable {
    /// The file's entries, in order.
    package let entries: [FunctionURLEntry]
    /// What entries leave out, and what holds for functions that are served by their names alone.
    package let defaults: FunctionURL

    /// Reads `FUNCTION_URLS_FILE` of the gateway: `{"urls": […], "defaults": {…}}`.
    package init(_ text: ByteBuffer) throws(SettingsFileError) {
        var object = try StrictObject(text, at: "")
        self.defaults = try object.object("defaults").map { text throws(SettingsFileError) in
            try Self.url(text, at: "defaults")
        } ?? FunctionURL()
        guard let urls = try object.elements("urls") else { throw SettingsFileError("urls", "is missing") }
        try object.end()
        var entries: [FunctionURLEntry] = []
        for (index, url) in urls.enumerated() {
            let entry = try Self.entry(url, at: "urls[\(index)]", self.defaults)
            let same = entries.firstIndex { $0.domain == entry.domain && $0.pathPrefix == entry.pathPrefix }
            if let same {
                throw SettingsFileError("urls[\(index)]", "has the same domain and pathPrefix as urls[\(same)]")
            }
            entries.append(entry)
        }
        self.entries = entries
    }

    /// Reads `FUNCTION_URL_FILE` of the daemon, whose function is known: `{"payloadFormat": …, "cors": {…}}`.
    package static func url(_ text: ByteBuffer) throws(SettingsFileError) -> FunctionURL {
        try self.url(text, at: "")
    }

    private static func url(_ text: ByteBuffer, at place: String) throws(SettingsFileError) -> FunctionURL {
        var object = try StrictObject(text, at: place)
        let url = try self.url(&object, FunctionURL())
        try object.end()
        return url
    }

    private static func entry(
        _ text: ByteBuffer, at place: String, _ defaults: FunctionURL
    ) throws(SettingsFileError) -> FunctionURLEntry {
        var object = try StrictObject(text, at: place)
        let entry = FunctionURLEntry(
            domain: try self.domain(&object), pathPrefix: try self.pathPrefix(&object),
            stripsPrefix: try object.boolean("stripPrefix") ?? false, target: .function(try self.function(&object)),
            url: try self.url(&object, defaults))
        try object.end()
        return entry
    }

    private static func url(
        _ object: inout StrictObject, _ defaults: FunctionURL
    ) throws(SettingsFileError) -> FunctionURL {
        var url = defaults
        url.payloadFormat = try object.word("payloadFormat", FunctionURL.PayloadFormat.self) ?? url.payloadFormat
        url.invokeMode = try object.word("invokeMode", FunctionURL.InvokeMode.self) ?? url.invokeMode
        url.authType = try object.word("authType", FunctionURL.AuthType.self) ?? url.authType
        url.decodesBase64 = try object.boolean("decodeBase64") ?? url.decodesBase64
        if let text = object.object("cors") { url.cors = try CORSPolicy(text, at: object.place(of: "cors")) }
        return url
    }

    private static func domain(_ object: inout StrictObject) throws(SettingsFileError) -> DomainPattern? {
        guard let text = try object.string("domain") else { return nil }
        guard let domain = DomainPattern(text) else {
            throw SettingsFileError(object.place(of: "domain"), "'\(text)' is neither a host name nor *.NAME")
        }
        return domain
    }

    private static func pathPrefix(_ object: inout StrictObject) throws(SettingsFileError) -> PathPrefix {
        guard let text = try object.string("pathPrefix") else { return .all }
        guard let prefix = PathPrefix(text) else {
            throw SettingsFileError(
                object.place(of: "pathPrefix"),
                "'\(text)' is no path: it begins with a slash, ends without one, and has nothing to be percent-encoded")
        }
        return prefix
    }

    private static func function(_ object: inout StrictObject) throws(SettingsFileError) -> FunctionName {
        let place = object.place(of: "function")
        guard let text = try object.string("function") else { throw SettingsFileError(place, "is missing") }
        guard !text.contains("%"), case .success(let name) = FunctionName.parse(segment: text),
            name.name.utf8.count <= 64, !name.name.contains(".")
        else { throw SettingsFileError(place, "'\(text)' is no NAME or NAME:QUALIFIER of a function") }
        return name
    }
}
