import Glibc
import NIOCore

extension Channel {
    /// Closes the socket with a TCP reset: what was not read is lost, as when a host crashes.
    ///
    /// Call on the loop.
    func closeWithReset() {
        guard let provider = self as? any SocketOptionProvider else { return self.close(promise: nil) }
        provider.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in self.close(promise: nil) }
    }
}
