import LambdaInvokeAPI
import LambdaProgram

/// Functions as web sites, as the settings say.
enum FunctionURLSettings {
    private static let fileName = "FUNCTION_URLS_FILE"
    private static let prefixName = "FUNCTION_URL_PREFIX"
    private static let domainName = "FUNCTION_URL_DOMAIN"

    /// - Returns: `nil` where no setting asks for any.
    /// - Throws: What is wrong, with the setting's name, and the place in the file.
    static func read(_ settings: Settings) throws(SettingError) -> FunctionURLConfiguration? {
        var configuration = FunctionURLConfiguration()
        configuration.trustsProxy = try settings.boolean("FUNCTION_URL_TRUST_PROXY", default: false)
        let file = try self.file(settings)
        for entry in file?.entries ?? [] { _ = configuration.table.add(entry) }
        let defaults = file?.defaults ?? FunctionURL()
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
