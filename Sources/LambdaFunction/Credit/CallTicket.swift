/// How whoever hands over a call names it, to take it back while it waits.
package struct CallTicket: Sendable, Equatable {
    /// For a call that is never taken back, and waits in turn.
    package static let none = CallTicket(number: 0, mayGoBack: false)

    /// Its number, from 1; later calls have higher ones. For a message its delivery tag.
    package var number: UInt64
    /// Whether somebody else may run it instead.
    ///
    /// One that came back already stays, and runs before the others.
    package var mayGoBack: Bool

    package init(number: UInt64, mayGoBack: Bool) {
        self.number = number
        self.mayGoBack = mayGoBack
    }

    /// Whether it runs before the others that wait.
    package var isFirst: Bool { self.number != 0 && !self.mayGoBack }
}
