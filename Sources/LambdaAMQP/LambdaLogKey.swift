/// The keys of what the client logs, in one place.
enum LambdaLogKey {
    /// The function's name.
    static let function = "function"
    /// Which attempt it is, from 1.
    static let attempt = "attempt"
    /// What the one before failed with.
    static let error = "error"
    /// How long is waited before it.
    static let pause = "pause"
    /// How many calls are under way.
    static let calls = "calls"
}
