/// A setting that is present but not valid, or missing. Ends the program with exit code 78 (sysexits.h, EX_CONFIG).
package struct SettingError: Error, CustomStringConvertible {
    package static let exitCode: Int32 = 78

    /// The variable or the option.
    let setting: String
    let problem: String

    package init(_ setting: String, _ problem: String) {
        self.setting = setting
        self.problem = problem
    }

    package var description: String { "\(self.setting): \(self.problem)" }
}
