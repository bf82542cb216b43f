/// Waits for what nobody tells: looks every two milliseconds, and leaves the thread to others meanwhile.
///
/// A test's time limit cancels its task, which ends this, too.
///
/// - Parameter condition: What is waited for.
/// - Throws: `CancellationError`, and what `condition` throws.
public func waitUntil(_ condition: () async throws -> Bool) async throws {
    while try await !condition() { try await Task.sleep(for: .milliseconds(2)) }
}
