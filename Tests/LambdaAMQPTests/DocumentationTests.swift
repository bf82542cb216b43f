import Foundation
import TestSupport
import Testing

/// What README, DocC and doc comments show is code that compiles: each Swift block stands in a file of `Examples`.
@Suite struct DocumentationTests {
    private static let project = URL(fileURLWithPath: ProgramEnvironment.project)

    private static func files(in folder: String, _ isWanted: (String) -> Bool) throws -> [URL] {
        let root = Self.project.appendingPathComponent(folder)
        let paths = try FileManager.default.subpathsOfDirectory(atPath: root.path)
        return paths.filter { !$0.contains(".build") && isWanted($0) }.map { root.appendingPathComponent($0) }
    }

    /// Without indentation and empty lines, so that a block may stand deeper in its file.
    private static func normalised(_ text: some StringProtocol) -> String {
        text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { !$0.isEmpty }.joined(separator: "\n")
    }

    /// The blocks of a language.
    private static func blocks(_ language: String, in text: String) -> [String] {
        var blocks: [String] = []
        var block: [Substring]?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let trimmed = line.trimmingCharacters(in: .whitespaces)
            if let lines = block {
                if trimmed == "```" {
                    blocks.append(lines.joined(separator: "\n"))
                    block = nil
                } else {
                    block = lines + [line]
                }
            } else if trimmed == "```\(language)" {
                block = []
            }
        }
        return blocks
    }

    private static func documents() throws -> [URL] {
        [Self.project.appendingPathComponent("README.md")]
            + (try Self.files(in: "Sources") { $0.hasSuffix(".md") })
            + (try Self.files(in: "Examples") { $0.hasSuffix(".md") })
    }

    /// A file's text; of a source file what its doc comments say.
    private static func text(_ file: URL) throws -> String {
        let text = try String(contentsOf: file, encoding: .utf8)
        guard file.pathExtension == "swift" else { return text }
        return text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { $0.hasPrefix("///") }.map { String($0.dropFirst(3)) }.joined(separator: "\n")
    }

    @Test func everySwiftBlockOfTheDocumentationIsCompiled() throws {
        let compiled = try Self.files(in: "Examples") { $0.hasSuffix(".swift") && !$0.hasSuffix("Package.swift") }
            .map { Self.normalised(try String(contentsOf: $0, encoding: .utf8)) }
        let sources = try Self.files(in: "Sources") { $0.hasSuffix(".swift") }
        var count = 0
        for file in try Self.documents() + sources {
            for block in Self.blocks("swift", in: try Self.text(file)) {
                count += 1
                let wanted = Self.normalised(block)
                #expect(compiled.contains { $0.contains(wanted) }, "\(file.lastPathComponent):\n\(block)")
            }
        }
        #expect(count > 20)
    }

    @Test func everyCommandOfTheReadmesIsThere() throws {
        let programs: Set = [
            "swift", "curl", "aws", "pip", "docker", "apt-get", "cd", "lambda-amqp", "lambda-gateway",
            "lambda-runtime-api-daemon", "kubectl", "chmod", "cp", "mkdir",
        ]
        var count = 0
        for file in try Self.documents() where file.lastPathComponent == "README.md" {
            let folder = file.deletingLastPathComponent()
            for line in Self.blocks("sh", in: try Self.text(file)).flatMap(Self.commands) {
                // Settings come first; then the program.
                guard let program = line.split(separator: " ").first(where: { !$0.contains("=") }) else { continue }
                count += 1
                let path = folder.appendingPathComponent(String(program)).path
                #expect(
                    programs.contains(String(program)) || FileManager.default.isExecutableFile(atPath: path),
                    "\(file.path): \(line)")
            }
        }
        #expect(count > 20)
    }

    /// The commands of a block, with the lines that are continued in one.
    private static func commands(_ block: String) -> [String] {
        var commands: [String] = []
        var open = ""
        var isQuoted = false
        for line in block.split(separator: "\n") where isQuoted || !line.hasPrefix("#") {
            open += line.hasSuffix("\\") ? line.dropLast() + " " : line + ""
            isQuoted = open.count { $0 == "'" } % 2 == 1
            if line.hasSuffix("\\") || isQuoted { continue }
            commands.append(open.trimmingCharacters(in: .whitespaces))
            open = ""
        }
        return commands.filter { !$0.isEmpty }
    }
}
