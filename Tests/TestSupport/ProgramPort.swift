import Glibc
import NIOConcurrencyHelpers

/// Ports for programs that must be told theirs.
package enum ProgramPort {
    private static let handedOut = NIOLockedValueBox(Set<Int>())

    /// A port that nobody is bound to on any address, and that was not handed out before: a program that gets two of
    /// them must not get one twice.
    ///
    /// It lies below the range from which the kernel takes the ports of outgoing connections, or one of these could have
    /// it by the time the program binds.
    package static func free() -> Int {
        while true {
            let port = Int.random(in: 19_300..<32_000)
            guard withSocket(port, at: INADDR_ANY, { bind($0, $1, $2) == 0 }) else { continue }
            if self.handedOut.withLockedValue({ $0.insert(port).inserted }) { return port }
        }
    }

    /// Whether something accepts connections on a port of 127.0.0.1.
    package static func accepts(_ port: Int) -> Bool { withSocket(port) { connect($0, $1, $2) == 0 } }

    private static func withSocket(
        _ port: Int, at host: in_addr_t = 0x7f00_0001, _ body: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Bool
    ) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = host.bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
