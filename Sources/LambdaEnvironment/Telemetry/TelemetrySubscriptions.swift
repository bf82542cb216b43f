/// Who has subscribed in one environment, and whether anybody still may (contract 8.1).
///
/// Pure.
package struct TelemetrySubscriptions: Sendable {
    /// The answer to a subscription.
    package enum Action: Sendable, Equatable {
        case accept
        /// Accepted in the place of the same extension's earlier one.
        case replace
        case reject(RuntimeAPIRejection)
    }

    private enum State {
        /// Before init and after it. Can transition to: `open`.
        case closed
        /// During init. Can transition to: `closed`.
        case open
    }

    private var state: State = .closed
    private var versions: [String: TelemetryAPIVersion] = [:]

    package init() {}

    /// Whether somebody may still subscribe.
    package var isOpen: Bool { self.state == .open }

    /// Whether anybody has subscribed.
    package var isEmpty: Bool { self.versions.isEmpty }

    /// Init begins, in new processes: nobody of the earlier ones is there any more.
    package mutating func initStarted() {
        self.state = .open
        self.versions.removeAll()
    }

    /// Init is over.
    package mutating func initEnded() {
        self.state = .closed
    }

    /// The processes are gone.
    package mutating func processesEnded() {
        self.state = .closed
        self.versions.removeAll()
    }

    /// An extension subscribes.
    ///
    /// - Parameters:
    ///   - subscription: What it asks for.
    ///   - name: The extension's.
    /// - Returns: How to answer.
    package mutating func subscribe(_ subscription: TelemetrySubscription, by name: String) -> Action {
        let api = subscription.version.api
        guard self.isOpen else { return .reject(api.closed) }
        guard let earlier = self.versions[name] else {
            self.versions[name] = subscription.version
            return .accept
        }
        guard earlier.api == api else {
            return .reject(
                .init(
                    status: 400, errorType: api.validationErrorType,
                    message: "The extension has subscribed to the other of the Telemetry API and the Logs API"))
        }
        self.versions[name] = subscription.version
        return .replace
    }
}
