import DequeModule
package import LambdaMessages

/// The events that are done and could not be acknowledged, since their channel was gone: they are delivered again, and
/// are not to run again.
///
/// Pure. It keeps the latest ones only: another daemon may get an event, and nobody tells.
package struct SettledEvents {
    private static let limit = 1000

    private var identities: Deque<EventMessage.Identity> = []

    package init() {}

    package mutating func insert(_ identity: EventMessage.Identity) {
        if self.identities.count >= Self.limit { self.identities.removeFirst() }
        self.identities.append(identity)
    }

    /// Whether it was there.
    package mutating func remove(_ identity: EventMessage.Identity) -> Bool {
        guard let index = self.identities.firstIndex(of: identity) else { return false }
        self.identities.remove(at: index)
        return true
    }
}
