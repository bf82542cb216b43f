import Testing

@testable import LambdaInvokeAPI

@Suite struct ForwardingTests {
    private let sent = [
        HTTPField("X-Forwarded-For", "203.0.113.7, 198.51.100.2"), HTTPField("X-Forwarded-Proto", "https"),
        HTTPField("x-forwarded-port", "8443"),
    ]

    private func forwarding(
        _ fields: [HTTPField], host: String = "a.example:8080", isTLS: Bool = false, trustsProxy: Bool
    ) -> Forwarding {
        Forwarding(
            fields, .init(peer: "10.0.0.1", isTLS: isTLS, host: host), trustsProxy: trustsProxy)
    }

    @Test func whatAClientSaysOfItselfIsReplaced() {
        let forwarding = self.forwarding(self.sent, trustsProxy: false)
        #expect(forwarding.sourceIP == "10.0.0.1")
        #expect(forwarding.forwardedFor == "10.0.0.1")
        #expect(forwarding.scheme == "http")
        #expect(forwarding.port == "8080")
    }

    @Test func aProxysWordCountsAndItsOwnAddressIsAdded() {
        let forwarding = self.forwarding(self.sent, trustsProxy: true)
        #expect(forwarding.sourceIP == "198.51.100.2")
        #expect(forwarding.forwardedFor == "203.0.113.7, 198.51.100.2, 10.0.0.1")
        #expect(forwarding.scheme == "https")
        #expect(forwarding.port == "8443")
    }

    @Test func severalFieldsAreOneList() {
        let fields = [HTTPField("x-forwarded-for", "1.1.1.1 "), HTTPField("X-Forwarded-For", " 2.2.2.2")]
        let forwarding = self.forwarding(fields, trustsProxy: true)
        #expect(forwarding.forwardedFor == "1.1.1.1, 2.2.2.2, 10.0.0.1")
        #expect(forwarding.sourceIP == "2.2.2.2")
    }

    @Test func aProxyThatSaysNothingOrNonsenseIsAClient() {
        let fields = [HTTPField("X-Forwarded-Proto", "gopher"), HTTPField("X-Forwarded-Port", "x")]
        let forwarding = self.forwarding(fields, host: "a.example", trustsProxy: true)
        #expect(forwarding == self.forwarding([], host: "a.example", trustsProxy: false))
        #expect(forwarding.port == "80")
    }

    @Test(arguments: [
        ("a.example", true, "443"), ("a.example:", false, "80"), ("[::1]", false, "80"), ("[::1]:81", false, "81"),
        ("", true, "443"), ("a:99999", false, "80"),
    ])
    func thePortIsTheHostsOrTheSchemes(host: String, isTLS: Bool, port: String) {
        #expect(self.forwarding([], host: host, isTLS: isTLS, trustsProxy: false).port == port)
    }

    @Test func fieldsOfTheConnectionAreLeftOutAndThePlatformsAreAdded() {
        let fields = [
            HTTPField("Host", "a"), HTTPField("Connection", "keep-alive, X-Hop"), HTTPField("X-Hop", "1"),
            HTTPField("TE", "trailers"), HTTPField("Transfer-Encoding", "chunked"), HTTPField("Upgrade", "h2c"),
            HTTPField("X-Forwarded-For", "9.9.9.9"), HTTPField("X-Amzn-Trace-Id", "fake"), HTTPField("X-Own", "2"),
            HTTPField("Expect", "100-continue"), HTTPField("Proxy-Authorization", "Basic x"),
        ]
        let result = EndToEndFields.of(
            fields, self.forwarding(fields, trustsProxy: false), traceID: "Root=1", bodyByteCount: 7)
        #expect(
            result == [
                HTTPField("Host", "a"), HTTPField("X-Own", "2"), HTTPField("content-length", "7"),
                HTTPField("x-amzn-trace-id", "Root=1"), HTTPField("x-forwarded-for", "10.0.0.1"),
                HTTPField("x-forwarded-port", "8080"), HTTPField("x-forwarded-proto", "http"),
            ])
    }

    @Test func aSignatureThatHasBeenCheckedIsLeftOut() {
        let fields = [HTTPField("Authorization", "AWS4"), HTTPField("X-Amz-Security-Token", "t"), HTTPField("A", "b")]
        func names(isSigned: Bool) -> [String] {
            EndToEndFields.of(
                fields, self.forwarding(fields, trustsProxy: false), traceID: "", bodyByteCount: 0, isSigned: isSigned
            ).map(\.name).filter { !$0.hasPrefix("x-") }
        }
        #expect(names(isSigned: true) == ["A"])
        #expect(names(isSigned: false) == ["Authorization", "X-Amz-Security-Token", "A"])
    }

    @Test func aLengthThatWasSentStandsOnce() {
        let fields = [HTTPField("Content-Length", "7")]
        let result = EndToEndFields.of(
            fields, self.forwarding(fields, trustsProxy: false), traceID: "", bodyByteCount: 7)
        #expect(result.filter { $0.name.lowercased() == "content-length" } == fields)
    }
}
