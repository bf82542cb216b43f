import NIOCore

/// A listener could not be opened: which setting says where, and what the system says to it.
package struct ListenError: Error, CustomStringConvertible {
    package let description: String

    package init(setting: String, host: String, port: Int, _ error: any Error) {
        let reason = (error as? IOError).map { "\($0.description)" } ?? "\(error)"
        self.description = "\(setting): cannot listen on \(host):\(port): \(reason)"
    }
}
