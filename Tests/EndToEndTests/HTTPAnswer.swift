import Foundation
import TestSupport

/// What curl got.
struct HTTPAnswer {
    let status: Int
    /// By their lower-case names.
    let headers: [String: String]
    let body: String

    /// Posts a body with curl, in the words of the seed: `curl -XPOST URL -d BODY`.
    static func of(_ url: String, body: String, options: [String] = []) async throws -> HTTPAnswer {
        let curl = try await Program.run(
            "curl", ["--silent", "--show-error", "--include", "-XPOST", url, "-d", body] + options)
        guard curl.status == .exited(0) else {
            throw Program.Failure("curl: \(curl.status) \(curl.errors)")
        }
        return try HTTPAnswer(text: curl.output)
    }

    /// Requests something with curl, as its options say.
    static func of(_ url: String, options: [String] = []) async throws -> HTTPAnswer {
        let curl = try await Program.run("curl", ["--silent", "--show-error", "--include", url] + options)
        guard curl.status == .exited(0) else {
            throw Program.Failure("curl: \(curl.status) \(curl.errors)")
        }
        return try HTTPAnswer(text: curl.output)
    }

    private init(text: String) throws {
        guard let blank = text.range(of: "\r\n\r\n") else {
            throw Program.Failure("not an HTTP answer: \(text)")
        }
        let lines = text[..<blank.lowerBound].components(separatedBy: "\r\n")
        self.status = Int(lines[0].split(separator: " ")[1]) ?? 0
        self.headers = Dictionary(
            lines.dropFirst().map { line in
                let parts = line.split(separator: ":", maxSplits: 1)
                return (parts[0].lowercased(), parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : "")
            },
            uniquingKeysWith: { $1 })
        self.body = String(text[blank.upperBound...])
    }
}
