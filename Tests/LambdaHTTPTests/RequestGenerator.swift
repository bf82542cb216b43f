/// Makes requests out of pieces of HTTP, whole ones and broken ones; the same ones for the same seed.
struct RequestGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed
    }

    private static let methods = ["GET", "POST", "PUT", "HEAD", "DELETE", "PATCH", "OPTIONS", "PROPFIND"]
    private static let targets = ["/", "/a/b?c=d", "*", "http://h/p", "/%20", "/\u{e9}", "/a b", ""]
    private static let fields = [
        "Host: h", "A: b", "A:b", "A:  b \t", "X-Empty:", "X: \u{e9}", "Accept: */*", "Connection: close",
        "Connection: keep-alive", "Expect: 100-continue", "Content-Type: text/plain", "Bad Name: x", "NoColon", " fold: x",
        "A : b", ": x", "N: a\u{0}b", "T: a\tb", "Content-Length: 0x3", "Content-Length: -3", "Transfer-Encoding: gzip",
    ]

    /// One request, or two behind each other.
    mutating func request() -> String {
        let whole = self.one() + (self.below(4) == 0 ? self.one() : "")
        guard self.below(4) == 0 else { return whole }
        return self.mutated(whole)
    }

    private mutating func one() -> String {
        var text = "\(self.pick(Self.methods, usual: 4)) \(self.pick(Self.targets, usual: 4)) HTTP/1.\(self.below(9) == 0 ? 0 : 1)\r\n"
        for _ in 0..<self.below(5) { text += self.pick(Self.fields, usual: 11) + "\r\n" }
        switch self.below(4) {
        case 0: text += "Content-Length: 3\r\n\r\nabc"
        case 1: text += "Transfer-Encoding: chunked\r\n\r\n" + self.chunks()
        default: text += "\r\n"
        }
        return text
    }

    private mutating func chunks() -> String {
        var text = ""
        for _ in 0..<self.below(3) {
            text += self.pick(["3\r\nabc\r\n", "1;a=b\r\nx\r\n", "0A\r\n0123456789\r\n", "3\nabc\r\n", "g\r\n"], usual: 3)
        }
        return text + self.pick(["0\r\n\r\n", "0\r\nT: v\r\n\r\n", "000\r\n\r\n", "0\r\nT v\r\n\r\n"], usual: 3)
    }

    /// With one character gone, doubled or replaced.
    private mutating func mutated(_ text: String) -> String {
        var scalars = Array(text.unicodeScalars)
        guard !scalars.isEmpty else { return text }
        let index = self.below(scalars.count)
        switch self.below(3) {
        case 0: scalars.remove(at: index)
        case 1: scalars.insert(scalars[index], at: index)
        default: scalars[index] = Unicode.Scalar(UInt8(self.below(128)))
        }
        var mutated = String.UnicodeScalarView()
        mutated.append(contentsOf: scalars)
        return String(mutated)
    }

    /// Cuts a text into pieces.
    mutating func split(_ text: String) -> [String] {
        var pieces: [String] = []
        var rest = Substring(text).unicodeScalars
        while !rest.isEmpty {
            let count = 1 + self.below(40)
            pieces.append(String(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        return pieces
    }

    /// Mostly one of the first `usual`, which are good ones.
    private mutating func pick(_ choices: [String], usual: Int) -> String {
        self.below(12) == 0 ? choices[self.below(choices.count)] : choices[self.below(usual)]
    }

    /// xorshift64*
    private mutating func below(_ limit: Int) -> Int {
        self.state ^= self.state >> 12
        self.state ^= self.state << 25
        self.state ^= self.state >> 27
        return Int((self.state &* 0x2545_F491_4F6C_DD1D) >> 33) % limit
    }
}
