import NIOCore
import NIOSSL

/// Refuses a broker whose certificate does not hold the name that was asked for, before a byte of it is believed.
///
/// NIOSSL's own check also takes a certificate that holds the *address* of the peer, whatever its name is (NIOSSL 2.37,
/// IdentityVerification.swift). Who can turn a name to an address of his own, for which he has a certificate, would pass
/// for the broker then; so where there is a name, it is the name that counts here.
final class BrokerNameHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let name: String

    init(name: String) {
        self.name = name
    }

    /// The first bytes that come are the first after the handshake; we have sent nothing but the protocol's name before.
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        do {
            try self.check(context)
        } catch {
            context.fireErrorCaught(error)
            return context.close(promise: nil)
        }
        context.fireChannelRead(data)
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    private func check(_ context: ChannelHandlerContext) throws {
        let handler = try context.pipeline.syncOperations.handler(type: NIOSSLClientHandler.self)
        guard let certificate = handler.peerCertificate else {
            throw AMQPError(.tlsFailed, "TLS: the broker has shown no certificate")
        }
        let names = certificate._subjectAlternativeNames()
        // One without any is checked by its common name, which cannot be an address.
        guard !names.isEmpty else { return }
        let isHeld = names.contains {
            $0.nameType == .dnsName && CertificateName.matches(self.name, pattern: $0.contents)
        }
        guard isHeld else {
            throw AMQPError(.tlsFailed, "TLS: the broker's certificate is not for the name '\(self.name)'")
        }
    }
}
