/// How an extension has made its environment fail (contract 7.5, 10.4).
package struct ExtensionFailure: Sendable, Equatable {
    /// What happened; the raw value is AWS's error type.
    package enum Kind: String, Sendable {
        /// It ended without saying why.
        case crash = "Extension.Crash"
        /// It could not be started.
        case launchError = "Extension.LaunchError"
        /// It reported an error during init.
        case initError = "Extension.InitError"
        /// It reported an error later.
        case exitError = "Extension.ExitError"
    }

    package var kind: Kind
    /// The extension's name.
    package var name: String
    /// What it reported, or why it could not be started.
    package var detail: String
    /// How its process ended, once it has.
    package var exit: ProcessExit?

    package init(kind: Kind, name: String, detail: String = "", exit: ProcessExit? = nil) {
        self.kind = kind
        self.name = name
        self.detail = detail
        self.exit = exit
    }

    /// The reason in AWS's words: how the process ended comes before what it said.
    package var reason: String {
        switch self.exit {
        case .code(0)?: "exit code 0"
        case let exit?: exit.status
        case nil: self.detail
        }
    }
}
