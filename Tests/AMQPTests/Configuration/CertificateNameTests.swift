import AMQP
import Testing

@Suite struct CertificateNameTests {
    @Test(arguments: [
        ("broker.example", "broker.example"), ("Broker.Example.", "bROKER.eXAMPLE"), ("localhost", "localhost."),
        ("a.brokers.example", "*.brokers.example"), ("A.b.c", "*.B.C"),
    ])
    func theNameIsHeld(name: String, pattern: String) {
        #expect(CertificateName.matches(name, pattern: pattern.utf8))
    }

    @Test(arguments: [
        ("broker.example", "other.example"), ("broker.example", "broker.example.org"), ("broker.example", "example"),
        ("a.b.brokers.example", "*.brokers.example"), ("brokers.example", "*.brokers.example"),
        ("broker.example", "*"), ("example", "*"), ("a.example", "*.example"),
        ("ab.brokers.example", "a*.brokers.example"),
        ("a.b.example", "a.*.example"), ("broker.example", ""), ("", ""), ("", "*"), ("a..example", "a..example"),
        (".brokers.example", "*.brokers.example"), ("broker.example", "broker.example\0.evil.example"),
        ("127.0.0.1", "*.0.0.1.2"),
    ])
    func theNameIsNotHeld(name: String, pattern: String) {
        #expect(!CertificateName.matches(name, pattern: pattern.utf8))
    }
}
