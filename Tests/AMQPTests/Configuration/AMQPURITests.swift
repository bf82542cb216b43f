import AMQP
import TestSupport
import Testing

@Suite struct AMQPURITests {
    private func configuration(_ uri: String) throws -> AMQPConfiguration {
        try AMQPConfiguration(uri: uri)
    }

    @Test func bareHostHasEveryDefault() throws {
        let configuration = try self.configuration("amqp://broker")
        #expect(configuration.endpoints == [AMQPEndpoint(host: "broker", port: 5672)])
        #expect(configuration.virtualHost == "/")
        #expect(configuration.username == "guest" && configuration.password == "guest")
        #expect(configuration.tls == nil)
        #expect(configuration.heartbeat == .seconds(60))
        #expect(configuration.connectionAttempts == 1)
        #expect(configuration.authMechanisms == [.plain, .amqplain])
    }

    @Test func everyPartIsReadAndDecoded() throws {
        let configuration = try self.configuration("amqp://j%C3%B6rg:p%40ss%3A%2F@broker:10000/v%2Fhost")
        #expect(configuration.username == "jörg" && configuration.password == "p@ss:/")
        #expect(configuration.endpoints == [AMQPEndpoint(host: "broker", port: 10000)])
        #expect(configuration.virtualHost == "v/host")
    }

    @Test(arguments: [
        ("amqp://h", "/"), ("amqp://h/", "/"), ("amqp://h//", "/"), ("amqp://h/%2F", "/"), ("amqp://h/%2f", "/"),
        ("amqp://h/a", "a"), ("amqp://h/%C3%A9", "é"), ("amqp://h/é", "é"), ("amqp://h/a%20b", "a b"),
        ("amqp://h?heartbeat=1", "/"), ("amqp://h/?heartbeat=1", "/"), ("amqp://h/v?heartbeat=1", "v"),
    ])
    func virtualHostIs(uri: String, virtualHost: String) throws {
        #expect(try self.configuration(uri).virtualHost == virtualHost)
    }

    @Test func queryDirectlyBehindThePortIsReadAsInSeed003() throws {
        let configuration = try self.configuration(
            "amqp://172.17.0.1:5672?connection_attempts=20&retry_delay=10&heartbeat=0")
        #expect(configuration.endpoints == [AMQPEndpoint(host: "172.17.0.1", port: 5672)])
        #expect(configuration.connectionAttempts == 20)
        #expect(configuration.retryDelay == .seconds(10))
        #expect(configuration.heartbeat == .zero)
        #expect(configuration.heartbeatSeconds == 0)
    }

    @Test func severalHostsEachHaveTheirOwnPort() throws {
        let configuration = try self.configuration("amqp://u:p@a,b:1,[::1],[fe80::1%25eth0]:2/v")
        #expect(
            configuration.endpoints == [
                AMQPEndpoint(host: "a", port: 5672), AMQPEndpoint(host: "b", port: 1),
                AMQPEndpoint(host: "::1", port: 5672), AMQPEndpoint(host: "fe80::1%eth0", port: 2),
            ])
    }

    @Test func timesHaveTheirUnits() throws {
        let configuration = try self.configuration(
            "amqp://h?heartbeat=30&connection_timeout=1500&retry_delay=0.25&channel_max=7")
        #expect(configuration.heartbeat == .seconds(30))
        #expect(configuration.connectionTimeout == .milliseconds(1500))
        #expect(configuration.retryDelay == .milliseconds(250))
        #expect(configuration.channelMax == 7)
    }

    @Test func mechanismsKeepTheirOrder() throws {
        let configuration = try self.configuration("amqp://h?auth_mechanism=amqplain&auth_mechanism=plain")
        #expect(configuration.authMechanisms == [.amqplain, .plain])
    }

    @Test func tlsHasItsPortAndSettings() throws {
        let configuration = try self.configuration(
            "AMQPS://h?cacertfile=/a%20b.pem&certfile=/c.pem&keyfile=/k.pem&verify=verify_none"
                + "&server_name_indication=other&auth_mechanism=external")
        #expect(configuration.endpoints == [AMQPEndpoint(host: "h", port: 5671)])
        #expect(
            configuration.tls
                == AMQPTLSSettings(
                    cacertfile: "/a b.pem", certfile: "/c.pem", keyfile: "/k.pem", verify: .none, serverName: "other"))
        #expect(configuration.authMechanisms == [.external])
        #expect(try self.configuration("amqps://h").tls == AMQPTLSSettings())
    }

    @Test func parametersFillInWhatTheURILeavesOut() throws {
        let neither = try AMQPConfiguration(uri: "amqp://h", username: "u", password: "p")
        #expect(neither.username == "u" && neither.password == "p")
        let onlyName = try AMQPConfiguration(uri: "amqp://me@h", username: "u", password: "p")
        #expect(onlyName.username == "me" && onlyName.password == "p")
        let both = try AMQPConfiguration(uri: "amqp://me:@h", username: "u", password: "p")
        #expect(both.username == "me" && both.password == "")
    }

    @Test(arguments: [
        ("", "it is empty"),
        ("http://h", "it must start with amqp:// or amqps://"),
        ("amqp:/h", "it must start with amqp:// or amqps://"),
        ("amqp://", "a host is missing"),
        ("amqp:///v", "a host is missing"),
        ("amqp://u:p@", "a host is missing"),
        ("amqp://a,,b", "a host is missing"),
        ("amqp://h:", "a port is not"),
        ("amqp://h:0", "a port is not"),
        ("amqp://h:65536", "a port is not"),
        ("amqp://h:+1", "a port is not"),
        ("amqp://h:5672x", "a port is not"),
        ("amqp://h:99999999999999999999", "a port is not"),
        ("amqp://fe80::1", "an IPv6 address needs brackets"),
        ("amqp://[::1", "lacks its closing bracket"),
        ("amqp://[x]", "not an IPv6 address"),
        ("amqp://[127.0.0.1]", "not an IPv6 address"),
        ("amqp://[::1]x", "a port is not"),
        ("amqp://h!", "not a host name"),
        ("amqp://h%", "not a host name"),
        ("amqp://bröker", "not a host name"),
        ("amqp://h /", "must be percent-encoded"),
        ("amqp://h\n", "must be percent-encoded"),
        ("amqp://h#x", "must be percent-encoded"),
        ("amqp://h/a/b", "a '/' in the virtual host"),
        ("amqp://h/%zz", "the virtual host is not"),
        ("amqp://h/%ff", "the virtual host is not"),
        ("amqp://h/%4", "the virtual host is not"),
        ("amqp://h/" + String(repeating: "x", count: 256), "longer than 255 bytes"),
        ("amqp://u%ff:p@h", "the user name is not"),
        ("amqp://u:%00@h", "the password holds a zero byte"),
        ("amqp://h?hartbeat=1", "unknown key hartbeat"),
        ("amqp://h?heartbeat", "heartbeat has no value"),
        ("amqp://h?heartbeat=", "heartbeat has no value"),
        ("amqp://h?heartbeat=1&heartbeat=2", "heartbeat is given twice"),
        ("amqp://h?heartbeat=-1", "heartbeat must be whole seconds from 0 to 65535, not '-1'"),
        ("amqp://h?heartbeat=1.5", "heartbeat must be"),
        ("amqp://h?heartbeat=65536", "heartbeat must be"),
        ("amqp://h?heartbeat=%ff", "the value of heartbeat"),
        ("amqp://h?connection_timeout=0", "connection_timeout must be whole milliseconds"),
        ("amqp://h?connection_attempts=0", "connection_attempts must be"),
        ("amqp://h?connection_attempts=x", "connection_attempts must be"),
        ("amqp://h?retry_delay=nan", "retry_delay must be seconds"),
        ("amqp://h?retry_delay=1.", "retry_delay must be seconds"),
        ("amqp://h?retry_delay=.", "retry_delay must be seconds"),
        ("amqp://h?retry_delay=1e3", "retry_delay must be seconds"),
        ("amqp://h?channel_max=65536", "channel_max must be"),
        ("amqp://h?auth_mechanism=kerberos", "auth_mechanism must be plain, amqplain or external"),
        ("amqp://h?auth_mechanism=external", "auth_mechanism external needs a client certificate"),
        ("amqps://h?verify=no", "verify must be verify_peer or verify_none"),
        ("amqp://h?verify=verify_peer", "verify needs TLS"),
        ("amqp://h?cacertfile=/x", "cacertfile needs TLS"),
        ("amqps://h?keyfile=/x", "keyfile is set without certfile"),
        ("amqps://h?server_name_indication=127.0.0.1", "server_name_indication must be a host name"),
        ("amqp://h?=1", "a query key is not"),
        ("amqp://h?a%20b=1", "a query key is not"),
    ])
    func malformedURIIsRefusedInOneLine(uri: String, words: String) {
        let error = #expect(throws: AMQPError.self) { try AMQPConfiguration(uri: uri) }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }

    @Test(arguments: [
        "amqp://user:sec/ret@host", "amqp://user:sec?ret@host", "amqp://user:1?ret=sec@host",
        "amqp://user:sec@ret@host", "amqp://user:p@h?heartbeat=sec@host", "amqp://user:p@h?sec=1@host",
        "amqp://user:sec#ret@host", "amqp://user:sec%ret@host", "amqp://user:sec ret@host", "http://user:sec@host",
        "amqp://user:12/ret@host", "amqp://user:sec@host:port", "amqp://user:sec@host?retry=1&heartbeat=x",
        "amqp://:sec@host:port", "amqp://user:sec@host/%zz", "amqp://user:sec@host!",
    ])
    func errorShowsNoPieceOfThePassword(uri: String) {
        let error = #expect(throws: AMQPError.self) { try AMQPURI(uri) }
        let text = error.map { String(reflecting: $0) } ?? ""
        #expect(!text.contains("sec") && !text.contains("ret@") && !text.contains("ret "), "\(text)")
    }

    @Test func anAtSignInAValueNeedsNoEncoding() throws {
        #expect(try self.configuration("amqps://u:p@h?cacertfile=/home/me@work/ca.pem").tls?.cacertfile == "/home/me@work/ca.pem")
    }

    @Test func printingShowsNoPassword() throws {
        let uri = try AMQPURI("amqps://us%2Fer:hunter2@a:1,[::1]/v%2F?heartbeat=3")
        #expect(uri.description == "amqps://us%2Fer:***@a:1,[::1]:5671/v%2F")
        let configuration = uri.configuration()
        #expect(configuration.description == uri.description)
        for text in [
            "\(uri)", String(reflecting: uri), "\(configuration)", String(reflecting: configuration),
            "\([configuration])", "\(Optional(uri) as Any)",
        ] {
            #expect(!text.contains("hunter2"))
        }
        var dumped = ""
        dump(uri, to: &dumped)
        dump(configuration, to: &dumped)
        #expect(!dumped.contains("hunter2"))
    }

    @Test func whateverComesIsReadOrRefusedButNeverTraps() {
        var random = FixedRandom(seed: 1)
        let alphabet = Array("amqps://:@[]%2Fg,?&=#.é\u{301}0159heartbeat_timout")
        for _ in 0..<20_000 {
            let tail = String(
                (0..<Int.random(in: 0...30, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? "a" })
            do {
                _ = try AMQPURI("amqp://" + tail)
            } catch {
                #expect(error.code == .invalidConfiguration)
            }
        }
    }
}
