import AMQP
import TestSupport
import Testing

@Suite struct AMQPTLSSettingsTests {
    private let files: TemporaryFiles
    private let authority: String
    private let certificate: String
    private let key: String

    init() throws {
        self.files = try TemporaryFiles()
        self.authority = try self.files.write(TestCertificates.authority, to: "ca.pem")
        self.certificate = try self.files.write(TestCertificates.client, to: "client.pem")
        self.key = try self.files.write(TestCertificates.clientKey, to: "client.key")
    }

    private func message(_ settings: AMQPTLSSettings) -> String {
        let error = #expect(throws: AMQPError.self) { _ = try settings.makeContext() }
        #expect(error?.code == .invalidConfiguration)
        return error?.message ?? ""
    }

    @Test func authorityCertificateAndKeyAreRead() throws {
        _ = try AMQPTLSSettings(cacertfile: self.authority, certfile: self.certificate, keyfile: self.key).makeContext()
    }

    @Test func keyMayStandInTheCertificatesFile() throws {
        let both = try self.files.write(TestCertificates.client + TestCertificates.clientKey, to: "both.pem")
        _ = try AMQPTLSSettings(cacertfile: self.authority, certfile: both).makeContext()
    }

    @Test func withoutVerificationNoAuthorityIsNeeded() throws {
        _ = try AMQPTLSSettings(verify: .none).makeContext()
    }

    @Test func missingFileIsNamedWithItsSetting() {
        let missing = self.files.directory + "/none.pem"
        #expect(
            self.message(AMQPTLSSettings(cacertfile: missing))
                == "cacertfile: cannot read \(missing): No such file or directory")
        #expect(
            self.message(AMQPTLSSettings(cacertfile: self.authority, certfile: missing)).hasPrefix("certfile: cannot"))
        let settings = AMQPTLSSettings(cacertfile: self.authority, certfile: self.certificate, keyfile: missing)
        #expect(self.message(settings).hasPrefix("keyfile: cannot read"))
    }

    @Test func directoryIsNoFile() {
        #expect(self.message(AMQPTLSSettings(cacertfile: self.files.directory)).contains("is a directory"))
    }

    @Test func fileOfSomethingElseIsNamedWithItsSetting() throws {
        let junk = try self.files.write("not a certificate\n", to: "junk.pem")
        #expect(self.message(AMQPTLSSettings(cacertfile: junk)) == "cacertfile: \(junk) holds no PEM certificate")
        let badKey = AMQPTLSSettings(cacertfile: self.authority, certfile: self.certificate, keyfile: junk)
        #expect(self.message(badKey).hasPrefix("keyfile: \(junk) holds no PEM private key"))
        let noKey = AMQPTLSSettings(cacertfile: self.authority, certfile: self.certificate)
        #expect(self.message(noKey).hasPrefix("certfile (keyfile is not set)"))
    }

    @Test func encryptedKeyIsRefusedWithoutAsking() throws {
        let encrypted = try self.files.write(TestCertificates.encryptedKey, to: "enc.key")
        let settings = AMQPTLSSettings(cacertfile: self.authority, certfile: self.certificate, keyfile: encrypted)
        #expect(self.message(settings).contains("without a pass phrase"))
    }

    @Test func keyOfAnotherCertificateIsRefused() throws {
        let other = try self.files.write(TestCertificates.serverKey, to: "other.key")
        let settings = AMQPTLSSettings(cacertfile: self.authority, certfile: self.certificate, keyfile: other)
        #expect(self.message(settings) == "keyfile: not the key of the certificate in certfile")
    }

    @Test func serverNameIsTheHostUnlessItIsAnAddress() {
        let settings = AMQPTLSSettings()
        #expect(settings.serverHostname(for: AMQPEndpoint(host: "broker")) == "broker")
        #expect(settings.serverHostname(for: AMQPEndpoint(host: "127.0.0.1")) == nil)
        #expect(settings.serverHostname(for: AMQPEndpoint(host: "fe80::1%eth0")) == nil)
        let named = AMQPTLSSettings(serverName: "other")
        #expect(named.serverHostname(for: AMQPEndpoint(host: "127.0.0.1")) == "other")
    }
}
