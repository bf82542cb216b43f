import AMQP
import Foundation
import NIOCore
import TestSupport
import Testing

/// TLS against a real RabbitMQ with certificates of a test authority.
@Suite(.timeLimit(.minutes(2))) struct AMQPTLSTests {
    private func folder() throws -> String { try ProgramEnvironment.value("TEST_TLS_FOLDER") }

    /// The settings of the broker's TLS port, believing the authority of this name.
    private func configuration(authority: String = "ca.pem", query: String = "") throws -> AMQPConfiguration {
        let uri = try ProgramEnvironment.value("TEST_AMQPS_URI")
        return try AMQPConfiguration(uri: "\(uri)?cacertfile=\(try self.folder())/\(authority)\(query)")
    }

    private func error(_ configuration: AMQPConfiguration) async -> AMQPError? {
        do throws(AMQPError) {
            await (try await AMQPConnection.connect(configuration)).close()
            return nil
        } catch {
            return error
        }
    }

    @Test func aVerifiedConnectionCarriesMessages() async throws {
        let connection = try await IntegrationBroker.connect(try self.configuration())
        let channel = try await connection.openChannel()
        try await channel.selectConfirms()
        let queue = try await channel.declareQueue(.serverNamedExclusive)
        // Several TLS records, and frames that end where records do not.
        let body = ByteBuffer(bytes: (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7) })
        try await channel.publishConfirmed(AMQPMessage(body), routingKey: queue.name)
        #expect(try await channel.get(queue: queue.name, noAck: true)?.body == body)
        await connection.close()
    }

    @Test func theAddressIsVerifiedWhereTheBrokerHasNoName() async throws {
        var configuration = try self.configuration()
        configuration.endpoints = [AMQPEndpoint(host: "127.0.0.1", port: configuration.endpoints[0].port)]
        #expect(await self.error(configuration) == nil)
    }

    @Test func aNameThatTheCertificateDoesNotHoldIsRefused() async throws {
        let wrongName = try self.configuration(query: "&server_name_indication=broker.example")
        let error = await self.error(wrongName)
        #expect(error?.code == .tlsFailed, "\(String(reflecting: error))")
        // Another name of this machine leads to the same broker, whose certificate does not hold it.
        var wrongAddress = try self.configuration()
        let port = wrongAddress.endpoints[0].port
        let relay = try await TCPProxy(to: "127.0.0.1", port, listeningOn: "127.0.0.2")
        wrongAddress.endpoints = [AMQPEndpoint(host: "127.0.0.2", port: relay.port)]
        #expect(await self.error(wrongAddress)?.code == .tlsFailed)
        try await relay.stop()
    }

    @Test func anAuthorityThatSignedNothingIsRefusedUnlessNothingIsVerified() async throws {
        #expect(await self.error(try self.configuration(authority: "other-ca.pem"))?.code == .tlsFailed)
        let careless = try self.configuration(authority: "other-ca.pem", query: "&verify=verify_none")
        #expect(await self.error(careless) == nil)
    }

    @Test func theSystemsAuthoritiesDoNotKnowTheTestAuthority() async throws {
        let configuration = try AMQPConfiguration(uri: try ProgramEnvironment.value("TEST_AMQPS_URI"))
        #expect(await self.error(configuration)?.code == .tlsFailed)
    }

    @Test func anExpiredCertificateIsRefused() async throws {
        try await BrokerNode.withNode { node in
            let authority = "?cacertfile=\(node.tlsFolder)/ca.pem"
            #expect(await self.error(try AMQPConfiguration(uri: node.tlsURI + authority)) == nil)
            try await self.makeServerCertificateExpired(in: node.tlsFolder)
            // Erlang reads the file once, unless it is told.
            try await node.control("eval", "ssl:clear_pem_cache().")
            let error = await self.error(try AMQPConfiguration(uri: node.tlsURI + authority))
            #expect(error?.code == .tlsFailed)
            #expect(error?.isRetriable == false)
        }
    }

    /// Signs the server's key anew, with a certificate that ended yesterday.
    private func makeServerCertificateExpired(in folder: String) async throws {
        let script = """
            openssl req -new -key server.key -subj /CN=localhost -out expired.csr
            openssl x509 -req -in expired.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days -1 -out expired.pem \
                -extfile names
            mv expired.pem server.pem
            """
        try "subjectAltName=DNS:localhost,IP:127.0.0.1\n".write(
            toFile: folder + "/names", atomically: false, encoding: .utf8)
        let result = try await Program.run("bash", ["-euc", script], in: folder)
        #expect(result.status == .exited(0), "\(result.errors)")
    }

    @Test func aClientCertificateSaysWhoItIs() async throws {
        let folder = try self.folder()
        let query = "&auth_mechanism=external&certfile=\(folder)/client.pem&keyfile=\(folder)/client.key"
        var configuration = try self.configuration(query: query)
        // Neither is asked for.
        (configuration.username, configuration.password) = ("nobody", "wrong")
        let connection = try await IntegrationBroker.connect(configuration)
        let channel = try await connection.openChannel()
        try await channel.selectConfirms()
        let queue = try await channel.declareQueue(.serverNamedExclusive)
        // The broker checks `user_id` against the user that it has let in.
        var properties = AMQPProperties()
        properties.userID = "lambda-client"
        try await channel.publishConfirmed(
            AMQPMessage("x", properties: properties), routingKey: AMQPShortString(queue.name))
        properties.userID = "guest"
        let error = await #expect(throws: AMQPError.self) {
            try await channel.publishConfirmed(
                AMQPMessage("x", properties: properties), routingKey: AMQPShortString(queue.name))
        }
        #expect(error?.replyCode == .preconditionFailed)
        await connection.close()
    }

    @Test func aClientCertificateOfNobodysIsRefused() async throws {
        let folder = try self.folder()
        // The authority has signed it, but the broker has no user of that name.
        let query = "&auth_mechanism=external&certfile=\(folder)/server.pem&keyfile=\(folder)/server.key"
        let refused = await self.error(try self.configuration(query: query))
        #expect(refused?.code == .accessRefused && refused?.isRetriable == false)
    }
}
