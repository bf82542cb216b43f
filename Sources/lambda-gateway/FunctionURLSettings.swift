import LambdaInvokeAPI
import LambdaProgram

/// Functions as web sites, as the settings say.
enum FunctionURLSettings {
    private static let fileName = "FUNCTION_URLS_FILE"
    private static let prefixName = "FUNCTION_URL_PREFIX"
    private static let domainName = "FUNCTION_URL_DOMAIN"

    /// - Parameters:
    ///   - settings: The environment.
    ///   - hasKeys: Whether signatures can be checked.
    /// - Returns: `nil` where no setting asks for any.
    /// - Throws: What is wrong, with the setting's name, and the place in the file.
    static func read(_ settings: Settings, hasKeys: Bool) throws(SettingError) -> FunctionURLConfiguration? {
        var configuration = FunctionURLConfiguration()
        configuration.trustsProxy = try settings.boolean("FUNCTION_URL_TRUST_PROXY", default: false)
        let file = try self.file(settings)
        for (index, entry) in (file?.entries ?? []).enumerated() {
            try self.check(entry.url, at: "urls[\(index)]", hasKeys: hasKeys)
            _ = configuration.table.add(entry)
        }
        let defaults = file?.defaults ?? FunctionURL()
        try self.check(defaults, at: "defaults", hasKeys: hasKeys)
        if let text = settings.text(self.prefixName) {
            guard let prefix = PathPrefix(text) else {
                throw SettingError(self.prefixName, "'\(text)' is no path such as /url")
            }
            try self.add(.functions(below: prefix, defaults), to: &configuration, self.prefixName)
        }
        if let text = settings.text(self.domainName) {
            guard let entry = FunctionURLEntry.functions(ofDomain: text, defaults) else {
                throw SettingError(self.domainName, "'\(text)' is no host name")
            }
            try self.add(entry, to: &configuration, self.domainName)
        }
        return configuration.table.isEmpty ? nil : configuration
    }

    private static func check(_ url: FunctionURL, at place: String, hasKeys: Bool) throws(SettingError) {
        guard url.authType == .none || hasKeys else {
            throw SettingError(self.fileName, "\(place).authType: AWS_IAM needs keys, which SIGV4_KEYS_FILE names")
        }
    }

    private static func file(_ settings: Settings) throws(SettingError) -> FunctionURLFile? {
        guard let content = try settings.file(self.fileName) else { return nil }
        do throws(SettingsFileError) {
            return try FunctionURLFile(content)
        } catch {
            throw SettingError(self.fileName, error.description)
        }
    }

    private static func add(
        _ entry: FunctionURLEntry, to configuration: inout FunctionURLConfiguration, _ setting: String
    ) throws(SettingError) {
        guard configuration.table.add(entry) else {
            throw SettingError(setting, "\(self.fileName) has an entry for the same, too")
        }
    }
}
