package import AMQP
import NIOCore

extension BrokerStatus {
    /// How a connection stands now. Call on its loop.
    ///
    /// - Parameters:
    ///   - name: What the program calls it.
    ///   - connection: The connection.
    package init(_ name: String, _ connection: AMQPConnection) {
        connection.eventLoop.assertInEventLoop()
        self.init(
            connection: name, isConnected: connection.link != nil,
            isBlocked: connection.link?.blockedReason != nil, reconnectCount: max(0, connection.connectCount - 1))
    }
}
