internal import LambdaProtocol

/// The extensions of one environment, from one start to the next: who has registered for what, and who is awaited
/// (contract 7.2 to 7.5).
///
/// Pure.
///
/// External extensions are known by their file names before they register; any other name is an internal one, in the
/// runtime's own processes.
package struct ExtensionRegistry<Waiter> {
    /// How many extensions an environment may have, of both kinds.
    package static var maxCount: Int { 10 }

    /// The answer to a registration.
    package enum RegisterAction: Equatable {
        /// `externalsAreComplete`: it was the last external one that was missing.
        case accept(identifier: String, externalsAreComplete: Bool)
        case reject(RuntimeAPIRejection)
    }

    /// The answer to a `next`.
    package enum NextAction: Equatable {
        /// `completesBarrier`: it was the last extension that was awaited.
        case wait(completesBarrier: Bool)
        case deliver(ExtensionEvent)
        case reject(RuntimeAPIRejection)
    }

    /// The answer to a report of an error.
    package enum ReportAction: Equatable {
        case accept(ExtensionFailure)
        case reject(RuntimeAPIRejection)
    }

    /// What is told of an extension at the end of init.
    package struct Summary: Equatable {
        package var name: String
        package var state: ExtensionState
        package var events: [ExtensionEventType]

        package init(name: String, state: ExtensionState, events: [ExtensionEventType]) {
            self.name = name
            self.state = state
            self.events = events
        }
    }

    struct Member {
        let name: String
        let isExternal: Bool
        var identifier: String?
        var events: [ExtensionEventType] = []
        var machine = ExtensionStateMachine<Waiter>()
    }

    var members: [Member]
    private var isOpen = true
    /// Whether any extension is to be told of invocations: what an environment without one never has to look into.
    package private(set) var hasInvokeSubscribers = false

    /// - Parameter externalNames: The file names of the extensions that are started.
    package init(externalNames: [String] = []) {
        self.members = externalNames.map { Member(name: $0, isExternal: true) }
    }

    /// Which kinds have registered.
    package var presence: ExtensionPresence {
        let registered = self.members.filter { $0.identifier != nil }
        if registered.isEmpty { return .none }
        return registered.contains { $0.isExternal } ? .external : .internalOnly
    }

    /// Whether nobody is awaited: every extension has asked for its next event.
    package var areAllReady: Bool { self.members.allSatisfy { $0.machine.isReady } }

    /// All extensions, the external ones first.
    package var summaries: [Summary] {
        self.members.map { Summary(name: $0.name, state: $0.machine.state, events: $0.events) }
    }

    /// The name of the extension that an identifier was given to, for those who trust it with more (telemetry).
    package func name(forIdentifier identifier: String) -> String? {
        let identifier = identifier.lowercased()
        return self.members.first { $0.identifier == identifier }?.name
    }

    // MARK: Registration

    /// An extension registers.
    ///
    /// - Parameters:
    ///   - name: `Lambda-Extension-Name`.
    ///   - events: What it asks for, as it was sent; entries may repeat.
    ///   - identifier: A new UUID, for an extension that is accepted.
    /// - Returns: How to answer.
    package mutating func register(
        name: String, events: [String], identifier: @autoclosure () -> String
    ) -> RegisterAction {
        if let index = self.members.firstIndex(where: { $0.isExternal && $0.name == name }) {
            return self.registerExternal(index, events: events, identifier: identifier())
        }
        return self.registerInternal(name: name, events: events, identifier: identifier())
    }

    private mutating func registerExternal(_ index: Int, events: [String], identifier: String) -> RegisterAction {
        if let unknown = events.first(where: { ExtensionEventType(rawValue: $0) == nil }) {
            return .reject(.invalidEventType(unknown))
        }
        let state = self.members[index].machine.state
        guard self.members[index].machine.register() else {
            return .reject(.extensionTransition(from: state, to: .registered, of: self.members[index].name))
        }
        self.subscribe(index, events: events, identifier: identifier)
        let externalsAreComplete = self.members.allSatisfy { !$0.isExternal || $0.identifier != nil }
        return .accept(identifier: identifier, externalsAreComplete: externalsAreComplete)
    }

    private mutating func registerInternal(name: String, events: [String], identifier: String) -> RegisterAction {
        for event in events where event != ExtensionEventType.invoke.rawValue {
            let isKnown = ExtensionEventType(rawValue: event) != nil
            return .reject(isKnown ? .shutdownForInternalExtension(event) : .invalidEventType(event))
        }
        guard self.isOpen else { return .reject(.registrationClosed) }
        guard self.members.count < Self.maxCount else { return .reject(.tooManyExtensions(limit: Self.maxCount)) }
        guard !self.members.contains(where: { $0.name == name }) else { return .reject(.extensionNameTaken) }
        var member = Member(name: name, isExternal: false)
        _ = member.machine.register()
        self.members.append(member)
        self.subscribe(self.members.count - 1, events: events, identifier: identifier)
        return .accept(identifier: identifier, externalsAreComplete: false)
    }

    private mutating func subscribe(_ index: Int, events: [String], identifier: String) {
        self.members[index].identifier = identifier
        for event in events.compactMap(ExtensionEventType.init) where !self.members[index].events.contains(event) {
            self.members[index].events.append(event)
        }
        if self.members[index].events.contains(.invoke) { self.hasInvokeSubscribers = true }
    }

    /// The runtime has asked for its first event: nobody else may register.
    package mutating func close() {
        self.isOpen = false
    }

    // MARK: Requests of extensions

    /// An extension asks for an event.
    ///
    /// - Parameters:
    ///   - identifier: `Lambda-Extension-Identifier`.
    ///   - waiter: Kept when the action says to wait.
    /// - Returns: How to answer.
    package mutating func nextRequested(identifier: String?, by waiter: Waiter) -> NextAction {
        switch self.find(identifier, unknown: { .unknownExtension($0) }) {
        case .failure(let rejection):
            return .reject(rejection)
        case .success(let index):
            let wasAwaited = !self.members[index].machine.isReady
            switch self.members[index].machine.nextRequested(by: waiter) {
            case .wait: return .wait(completesBarrier: wasAwaited && self.areAllReady)
            case .deliver(let event): return .deliver(event)
            case .refuse(let state): return .reject(.extensionTransition(from: state, to: .ready, of: identifier ?? ""))
            }
        }
    }

    /// The connection of a pending `next` is gone.
    package mutating func waiterGone(where isGone: (Waiter) -> Bool) {
        for index in self.members.indices { self.members[index].machine.waiterGone(where: isGone) }
    }

    /// An extension reports why it cannot go on.
    ///
    /// - Parameters:
    ///   - kind: `initError` or `exitError`: on which of the two routes.
    ///   - identifier: `Lambda-Extension-Identifier`.
    ///   - errorType: `Lambda-Extension-Function-Error-Type`.
    /// - Returns: How to answer.
    package mutating func errorReported(
        _ kind: ExtensionFailure.Kind, identifier: String?, errorType: String?
    ) -> ReportAction {
        if let rejection = Self.malformed(identifier) { return .reject(rejection) }
        guard let errorType, !errorType.isEmpty else { return .reject(.missingErrorType) }
        switch self.find(identifier, unknown: { _ in .unknownIdentifier }) {
        case .failure(let rejection):
            return .reject(rejection)
        case .success(let index):
            let state = self.members[index].machine.state
            let isInit = kind == .initError
            let isAccepted =
                isInit
                ? self.members[index].machine.initErrorReported() : self.members[index].machine.exitErrorReported()
            guard isAccepted else {
                return .reject(
                    .extensionTransition(from: state, to: isInit ? .initError : .exitError, of: identifier ?? ""))
            }
            return .accept(ExtensionFailure(kind: kind, name: self.members[index].name, detail: errorType))
        }
    }

    private func find(
        _ identifier: String?, unknown: (String) -> RuntimeAPIRejection
    ) -> Result<Int, RuntimeAPIRejection> {
        if let rejection = Self.malformed(identifier) { return .failure(rejection) }
        let identifier = (identifier ?? "").lowercased()
        guard let index = self.members.firstIndex(where: { $0.identifier == identifier }) else {
            return .failure(unknown(identifier))
        }
        return .success(index)
    }

    private static func malformed(_ identifier: String?) -> RuntimeAPIRejection? {
        guard let identifier, !identifier.isEmpty else { return .missingIdentifier }
        return RequestID.isValid(identifier.lowercased()) ? nil : .invalidIdentifier
    }
}
