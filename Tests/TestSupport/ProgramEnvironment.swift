import Foundation

/// Where a test finds the programs and tools it runs, as `Tests/run` says in the environment.
///
/// A tool that is not there is an error of the test, never a reason to skip it: what was skipped proves nothing.
package enum ProgramEnvironment {
    package struct Missing: Error, CustomStringConvertible {
        package let variable: String
        package var description: String { "\(variable) is not set: run the tests with Tests/run" }
    }

    /// A path or URI that `Tests/run` exports.
    package static func value(_ variable: String) throws -> String {
        guard let value = ProcessInfo.processInfo.environment[variable], !value.isEmpty else {
            throw Missing(variable: variable)
        }
        return value
    }

    /// A program of this package, built beside the tests.
    package static func program(_ name: String) throws -> String { try value("TEST_BIN_DIR") + "/" + name }

    /// The Python that has `awslambdaric`, `boto3`, `pika` and `aio_pika`.
    package static func python() throws -> String { try value("TEST_PYTHON") }

    /// The URI of the broker that runs for all tests.
    package static func brokerURI() throws -> String { try value("TEST_AMQP_URI") }

    /// The project's folder.
    package static let project = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
}
