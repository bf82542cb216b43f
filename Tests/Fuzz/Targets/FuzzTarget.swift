/// Something that takes bytes from outside.
///
/// A trap, an error of Address Sanitizer, a hang and a failed ``check(_:_:)`` are findings: libFuzzer keeps the input.
protocol FuzzTarget: SendableMetatype {
    /// How the command names it.
    static var name: String { get }
    /// Inputs to begin with: valid ones, of every kind there is.
    static var seeds: [[UInt8]] { get }
    /// Takes one input. The same input has to do the same each time.
    static func run(_ input: FuzzInput)
    /// Changes an input in a way that keeps its structure; `nil` leaves it to libFuzzer's own ways.
    static func mutate(_ input: [UInt8], limit: Int, _ random: inout FuzzRandom) -> [UInt8]?
}

extension FuzzTarget {
    static func mutate(_ input: [UInt8], limit: Int, _ random: inout FuzzRandom) -> [UInt8]? { nil }
}

/// All targets, in the order in which they are run.
enum FuzzTargets {
    static let all: [any FuzzTarget.Type] = [
        AMQPFrameTarget.self, AMQPLinkTarget.self, MessageTarget.self, AMQPURITarget.self, InvokeAPITarget.self,
        RuntimeAPITarget.self, EventStreamTarget.self, JSONTarget.self, HeaderTarget.self, SignatureTarget.self,
        SettingsTarget.self,
    ]
}

/// Ends the program, so that the input is kept, where something is not as it must be.
func check(_ condition: Bool, _ message: @autoclosure () -> String, line: UInt = #line, file: StaticString = #fileID) {
    if !condition { fatalError(message(), file: file, line: line) }
}
