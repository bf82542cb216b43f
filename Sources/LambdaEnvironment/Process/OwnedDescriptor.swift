internal import Glibc

/// A file descriptor that is closed with its last owner.
///
/// Its number can be nobody else's while somebody may still use it, for instance the thread that starts a process.
package final class OwnedDescriptor: Sendable {
    package let number: Int32

    /// - Parameter number: Closed when this object goes.
    package init(owning number: Int32) {
        self.number = number
    }

    deinit {
        close(self.number)
    }
}
