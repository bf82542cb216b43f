import Foundation
import TestSupport
import Testing

/// A folder of external extensions for one test, and what they noted.
struct ExtensionFiles {
    /// A line that an extension or the runtime has written, see `Scripts/extension.py`.
    struct Note: Decodable {
        let name: String
        let pid: Int32
        /// Seconds since 1970.
        let time: Double
        /// `registered`, `INVOKE`, `SHUTDOWN`, `refused`, `reported`, `SIGTERM`, `ends`.
        let what: String
        let status: Int?
        /// The event's identifier.
        let event: String?
        /// The content type of the event.
        let type: String?
        let body: Body?
        let environment: [String: String]?
    }

    /// All members that the Extensions API's bodies have.
    struct Body: Decodable {
        struct Tracing: Decodable {
            let type: String
            let value: String
        }

        let functionName: String?
        let functionVersion: String?
        let handler: String?
        let accountId: String?
        let deadlineMs: Int?
        let requestId: String?
        let invokedFunctionArn: String?
        let tracing: Tracing?
        let shutdownReason: String?
        let errorType: String?
        let errorMessage: String?
    }

    /// The folder that `LAMBDA_EXTENSIONS_DIRECTORY` names.
    let folder: String
    private let files: TemporaryFiles

    init() throws {
        self.files = try TemporaryFiles()
        self.folder = self.files.directory + "/extensions"
        try FileManager.default.createDirectory(atPath: self.folder, withIntermediateDirectories: true)
    }

    /// A folder with one extension that takes these steps.
    init(_ name: String, _ steps: String) throws {
        try self.init()
        try self.add(name, steps)
    }

    /// Adds an extension; see `Scripts/extension.py` for the steps.
    func add(_ name: String, _ steps: String, script: String = "extension.py", permissions: Int = 0o755) throws {
        let path = self.folder + "/" + name
        try "#!/bin/sh\nexec python3 \(Daemon.scripts)/\(script) \(name) \(steps)\n"
            .write(toFile: path, atomically: false, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: permissions], ofItemAtPath: path)
    }

    /// A path for a file of the test, outside of the folder.
    func path(_ name: String) -> String { self.files.directory + "/" + name }

    /// What the daemon has to be told.
    var settings: [String: String] {
        ["LAMBDA_EXTENSIONS_DIRECTORY": self.folder, "NOTES": self.path("notes"), "PYTHONDONTWRITEBYTECODE": "1"]
    }

    /// What has been noted so far, in order; a line that is no note is an issue of the test.
    var notes: [Note] {
        guard let text = try? String(contentsOfFile: self.path("notes"), encoding: .utf8) else { return [] }
        return text.split(separator: "\n").compactMap { line in
            let note = try? JSONDecoder().decode(Note.self, from: Data(line.utf8))
            if note == nil { Issue.record("not a note: \(line)") }
            return note
        }
    }

    /// The notes of one kind.
    func notes(_ what: String) -> [Note] { self.notes.filter { $0.what == what } }

    /// `name what`, for all but registrations.
    var order: [String] {
        self.notes.filter { $0.what != "registered" }.map { "\($0.name) \($0.what)" }
    }
}
