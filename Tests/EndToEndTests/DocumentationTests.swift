import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// What the README says against what the programs do.
    @Suite struct Documentation {
        @Test(arguments: ["lambda-runtime-api-daemon", "lambda-gateway"])
        func theREADMEHasEverySettingWithItsDefault(program: String) async throws {
            let help = try await Program.run(ProgramEnvironment.program(program), ["--help"])
            #expect(help.status == .exited(0))
            let settings = help.output.split(separator: "\n").compactMap(Setting.init)
            #expect(settings.count > 10)
            let readme = try String(contentsOfFile: ProgramEnvironment.project + "/README.md", encoding: .utf8)
                .replacingOccurrences(of: "`", with: "")
            for setting in settings {
                #expect(readme.contains("| \(setting.name) | \(setting.fallback) |"), "\(setting)")
            }
        }

        @Test func everyProgramSaysItsVersion() async throws {
            for name in ["lambda-runtime-api-daemon", "lambda-gateway", "lambda-amqp"] {
                let version = try await Program.run(ProgramEnvironment.program(name), ["--version"])
                #expect(version.status == .exited(0))
                #expect(version.output.contains(/\d+\.\d+\.\d+/))
            }
        }

        /// A line of `--help`: `NAME   meaning (default)`.
        private struct Setting {
            let name: String
            let fallback: String

            init?(line: Substring) {
                guard let match = line.firstMatch(of: /^ +([A-Z][A-Z_]+) .*\(([^()]*)\)$/) else { return nil }
                self.name = String(match.1)
                self.fallback = String(match.2)
            }
        }
    }
}
