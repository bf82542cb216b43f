import Testing

/// The programs as a user runs them, with real runtimes, real clients and a real broker.
///
/// One after the other: each test measures time, starts several processes, and two cores must do.
@Suite(.serialized, .timeLimit(.minutes(3)))
enum EndToEnd {}
