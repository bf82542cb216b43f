internal import LambdaHTTP
internal import LambdaProtocol
internal import Logging
internal import NIOCore

// MARK: - The Extensions API

extension ExecutionEnvironment: ExtensionsAPIDelegate {
    package func extensionRegistered(_ name: String, presence: ExtensionPresence) {
        self.logger.debug("An extension has registered", metadata: ["extension": "\(name)"])
        self.machine.extensionRegistered(presence: presence)
    }

    package func externalExtensionsRegistered() {
        self.run(self.machine.externalExtensionsRegistered())
    }

    package func extensionsBecameReady() {
        self.run(self.machine.extensionsBecameReady())
    }

    package func extensionReportedError(_ failure: ExtensionFailure) {
        self.logger.warning(
            "An extension has reported an error",
            metadata: ["extension": "\(failure.name)", "errorType": "\(failure.detail)"])
        self.run(self.machine.extensionReportedError(failure))
    }

    /// Tells the extensions that want to know of an invocation, which is not over then before they are ready again.
    func tellExtensions(of invocation: Invocation, remaining: TimeAmount) {
        let request = invocation.request
        self.machine.extensionsBecameBusy()
        self.extensionsAPI.invoke(
            .invoke(
                deadline: EpochClock.now().millisecondsSinceEpoch + remaining.nanoseconds / 1_000_000,
                requestID: request.requestID, invokedFunctionARN: request.invokedFunctionARN,
                traceID: request.traceID))
    }

    func waitForReporter(_ patience: TimeAmount) {
        let startCount = self.startCount
        self.eventLoop.scheduleTask(in: patience) {
            guard startCount == self.startCount else { return }
            self.run(self.machine.reporterElapsed())
        }
    }

    /// What the platform tells of each extension when init is over (contract 7.5, 8.4).
    ///
    /// - Parameter failure: Why init has failed: what an extension has named as its error is told with it.
    func extensionEvents(_ failure: EnvironmentFailure? = nil) -> [PlatformEvent] {
        self.extensionsAPI.summaries.map { summary in
            var errorType: String?
            if case .extensionFailed(let reported)? = failure, reported.kind == .initError,
                reported.name == summary.name
            {
                errorType = reported.detail
            }
            return .extension(
                name: summary.name, state: summary.state.rawValue, events: summary.events.map(\.rawValue),
                errorType: errorType)
        }
    }
}
