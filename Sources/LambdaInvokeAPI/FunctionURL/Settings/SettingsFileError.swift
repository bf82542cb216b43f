/// What is wrong in a settings file, and where.
package struct SettingsFileError: Error, Equatable, CustomStringConvertible {
    /// Such as `urls[2].cors.AllowMethods[0]`; empty for the whole file.
    let place: String
    let problem: String

    init(_ place: String, _ problem: String) {
        self.place = place
        self.problem = problem
    }

    package var description: String { self.place.isEmpty ? self.problem : "\(self.place): \(self.problem)" }
}
