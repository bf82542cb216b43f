/// What a runtime says that it is: the first word of the `User-Agent` of its first `next`, and in parentheses what its
/// `Lambda-Runtime-Features` says (contract 4.7).
///
/// It stands in INIT_START and in `platform.initStart` as the runtime's version. An environment's first init begins
/// before its runtime has said anything: the image's `AWS_EXECUTION_ENV` stands there then.
package enum RuntimeRelease {
    private static let maxCount = 128
    private static let executionEnvironmentPrefix = "AWS_Lambda_"

    /// - Returns: `nil` where the runtime says nothing.
    package static func text(userAgent: String?, features: String?) -> String? {
        guard let agent = userAgent?.split(separator: " ").first else { return nil }
        let features = features.map { " (\($0))" } ?? ""
        // It goes into a line of the log: what could end it, or begin another field, does not.
        return String((agent + features).filter { $0.isASCII && !$0.isNewline && $0 != "\t" }.prefix(self.maxCount))
    }

    /// `python3.13` of an image whose `AWS_EXECUTION_ENV` is `AWS_Lambda_python3.13`.
    package static func text(executionEnvironment: String?) -> String? {
        guard let name = executionEnvironment, name.hasPrefix(self.executionEnvironmentPrefix) else { return nil }
        return String(name.dropFirst(self.executionEnvironmentPrefix.count))
    }
}
