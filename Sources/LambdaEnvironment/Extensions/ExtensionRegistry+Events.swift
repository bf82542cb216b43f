/// What extensions are told, and what becomes of their processes.
extension ExtensionRegistry {
    /// An invocation begins.
    ///
    /// - Returns: The pending requests to answer with the event; the others fetch it.
    package mutating func invoke(_ event: ExtensionEvent) -> [Waiter] {
        self.members.indices.compactMap { index in
            self.members[index].events.contains(.invoke) ? self.members[index].machine.send(event) : nil
        }
    }

    /// The environment is shut down.
    ///
    /// - Returns: The pending requests to answer with the event, and the external extensions that did not ask for it,
    ///   which are to be killed.
    package mutating func shutDown(_ event: ExtensionEvent) -> (deliver: [Waiter], kill: [String]) {
        var deliver: [Waiter] = []
        var kill: [String] = []
        for index in self.members.indices where self.members[index].isExternal {
            if self.members[index].events.contains(.shutdown) {
                if let waiter = self.members[index].machine.send(event) { deliver.append(waiter) }
            } else {
                kill.append(self.members[index].name)
            }
        }
        return (deliver, kill)
    }

    // MARK: Processes of external extensions

    /// The program of an external extension could not be started.
    package mutating func launchFailed(name: String) {
        self.changeExternal(name) { $0.launchFailed() }
    }

    /// The process of an external extension has ended.
    package mutating func processEnded(name: String) {
        self.changeExternal(name) { $0.processEnded() }
    }

    /// The time to shut down is over.
    ///
    /// - Returns: The names of those that were told of it and are still there.
    package mutating func shutdownOverran() -> [String] {
        var names: [String] = []
        for index in self.members.indices where self.members[index].events.contains(.shutdown) {
            self.members[index].machine.shutdownOverran()
            if self.members[index].machine.state == .shutdownFailed { names.append(self.members[index].name) }
        }
        return names
    }

    /// Nothing more is to be heard of any of them.
    ///
    /// - Returns: The pending requests, which are to be refused.
    package mutating func dismiss() -> [Waiter] {
        self.members.indices.compactMap { self.members[$0].machine.dismiss() }
    }

    private mutating func changeExternal(_ name: String, _ change: (inout ExtensionStateMachine<Waiter>) -> Void) {
        guard let index = self.members.firstIndex(where: { $0.isExternal && $0.name == name }) else { return }
        change(&self.members[index].machine)
    }
}
