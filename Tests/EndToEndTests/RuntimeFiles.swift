import Foundation
import TestSupport
import Testing

/// The files that `Scripts/failing_runtime.py` reads and writes, for one test.
struct RuntimeFiles {
    /// A line that the runtime has written.
    struct Note: Decodable {
        /// `init`, `execution`, `ends`, `child`.
        let what: String
        let pid: Int32
        /// Seconds since 1970.
        let time: Double
        /// Of the execution.
        let id: String?
        let child: Int32?
    }

    private let files: TemporaryFiles

    init() throws { self.files = try TemporaryFiles() }

    /// What the daemon has to be told.
    var settings: [String: String] {
        ["NOTES": self.path("notes"), "INIT_FAILS": self.path("init-fails"), "PYTHONDONTWRITEBYTECODE": "1"]
    }

    /// A path for a file of the test.
    func path(_ name: String) -> String { self.files.directory + "/" + name }

    /// Has init fail from now on; `nil`: no more.
    func initFails(_ how: String?) throws {
        let path = self.path("init-fails")
        guard let how else { return try FileManager.default.removeItem(atPath: path) }
        try how.write(toFile: path, atomically: true, encoding: .utf8)
    }

    /// What has been noted so far, in order; a line that is no note is an issue of the test.
    func notes(_ what: String) -> [Note] {
        guard let text = try? String(contentsOfFile: self.path("notes"), encoding: .utf8) else { return [] }
        return text.split(separator: "\n").compactMap { line in
            let note = try? JSONDecoder().decode(Note.self, from: Data(line.utf8))
            if note == nil { Issue.record("not a note: \(line)") }
            return note
        }.filter { $0.what == what }
    }

    /// How long the quickest of these answers took, counted from the end before it that the runtime noted itself.
    ///
    /// The quickest: what else the machine does is not the daemon's.
    func quickestAnswer(of answers: [BotoCall.Answer]) -> Double? {
        let ends = self.notes("ends").map(\.time)
        return answers.compactMap { answer in
            ends.last { $0 < answer.answeredAt }.map { answer.answeredAt - $0 }
        }.min()
    }
}
