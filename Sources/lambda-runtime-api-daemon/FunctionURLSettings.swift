import LambdaInvokeAPI
import LambdaProgram
import LambdaProtocol

/// The function as a web site on a port of its own, as the settings say.
struct FunctionURLSettings {
    var port: Int
    var configuration: FunctionURLConfiguration

    /// - Parameter limits: The function's.
    /// - Returns: `nil` where there is no port for it.
    /// - Throws: What is wrong, with the setting's name, and the place in the file.
    init?(_ settings: Settings, limits: LambdaLimits) throws(SettingError) {
        // Read all the same, so that a mistake in it is told.
        let url = try Self.url(settings)
        self.configuration = FunctionURLConfiguration()
        self.configuration.trustsProxy = try settings.boolean("FUNCTION_URL_TRUST_PROXY", default: false)
        self.configuration.limits = limits
        // The name that every function has here (contract 1.1).
        _ = self.configuration.table.add(.all(of: FunctionName(name: "function"), url))
        self.port = try settings.integer("FUNCTION_URL_PORT", default: 0, in: 1...65_535)
        if self.port == 0 { return nil }
    }

    private static func url(_ settings: Settings) throws(SettingError) -> FunctionURL {
        let name = "FUNCTION_URL_FILE"
        guard let content = try settings.file(name) else { return FunctionURL() }
        let url: FunctionURL
        do throws(SettingsFileError) {
            url = try FunctionURLFile.url(content)
        } catch {
            throw SettingError(name, error.description)
        }
        guard url.authType == .none else {
            throw SettingError(name, "authType: the daemon has no keys to check signatures with, the gateway has")
        }
        return url
    }
}
