import Foundation
import TestSupport

/// The file that `Scripts/event_runtime.py` notes attempts in.
final class EventFile: Sendable {
    /// One attempt.
    struct Attempt {
        let requestID: String
        /// Seconds since the epoch.
        let time: Double
    }

    private let files: TemporaryFiles
    let path: String

    init() throws {
        self.files = try TemporaryFiles()
        self.path = try self.files.write("", to: "attempts")
    }

    /// Every attempt so far, in order.
    func attempts() throws -> [Attempt] {
        try String(contentsOfFile: self.path, encoding: .utf8).split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard words.count == 2, let time = Double(words[1]) else { return nil }
            return Attempt(requestID: String(words[0]), time: time)
        }
    }

    func count() throws -> Int { try self.attempts().count }

    /// An event that is noted here, with further members.
    func event(_ members: String = "") -> String {
        #"{"file": "\#(self.path)"\#(members.isEmpty ? "" : ", " + members)}"#
    }
}
