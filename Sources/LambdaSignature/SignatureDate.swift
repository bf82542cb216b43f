import LambdaProtocol

/// A moment in whole seconds, as signatures carry it: `20260102T030405Z`.
struct SignatureDate: Hashable, Comparable {
    let secondsSinceEpoch: Int64

    init(secondsSinceEpoch: Int64) {
        self.secondsSinceEpoch = secondsSinceEpoch
    }

    /// - Parameter instant: Its parts of a second are dropped.
    init(_ instant: EpochClock.Instant) {
        self.secondsSinceEpoch = instant.millisecondsSinceEpoch / 1000
    }

    /// `20260102T030405Z`, and nothing else.
    init?(basicISO8601 text: String) {
        self.init(text, pattern: "dddddddd'T'dddddd'Z'")
    }

    /// `2026-01-02T03:04:05Z`.
    init?(extendedISO8601 text: String) {
        self.init(text, pattern: "dddd'-'dd'-'dd'T'dd':'dd':'dd'Z'")
    }

    /// The date of HTTP: `Fri, 02 Jan 2026 03:04:05 GMT` (RFC 9110, section 5.6.7).
    init?(http text: String) {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let parts = text.split(separator: " ")
        guard parts.count == 6, parts[0].hasSuffix(","), parts[5] == "GMT",
            let month = months.firstIndex(where: { $0 == parts[2] }), parts[1].utf8.count == 2,
            parts[3].utf8.count == 4
        else { return nil }
        let number = String(month + 1)
        let digits = "\(parts[3])\(month < 9 ? "0" : "")\(number)\(parts[1])"
        self.init(basicISO8601: digits + "T" + parts[4].filter { $0 != ":" } + "Z")
    }

    static func < (a: SignatureDate, b: SignatureDate) -> Bool { a.secondsSinceEpoch < b.secondsSinceEpoch }

    func advanced(bySeconds seconds: Int64) -> SignatureDate {
        SignatureDate(secondsSinceEpoch: self.secondsSinceEpoch + seconds)
    }

    var instant: EpochClock.Instant { EpochClock.Instant(millisecondsSinceEpoch: self.secondsSinceEpoch * 1000) }

    /// `20260102T030405Z`
    var text: String {
        String(self.instant.iso8601.prefix { $0 != "." }.filter { $0 != "-" && $0 != ":" }) + "Z"
    }

    /// `20260102`
    var day: String { String(self.text.prefix(8)) }

    /// - Parameter pattern: `d` for a digit (those of year, month, day, hour, minute and second, in this order), and what
    ///   stands between them in quotes.
    private init?(_ text: String, pattern: StaticString) {
        var digits: [Int64] = []
        var bytes = text.utf8.makeIterator()
        for wanted in pattern.description.utf8 where wanted != UInt8(ascii: "'") {
            guard let byte = bytes.next() else { return nil }
            if wanted == UInt8(ascii: "d") {
                guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
                digits.append(Int64(byte - UInt8(ascii: "0")))
            } else if byte != wanted {
                return nil
            }
        }
        guard bytes.next() == nil, digits.count == 14 else { return nil }
        func number(_ range: Range<Int>) -> Int64 { digits[range].reduce(0) { $0 * 10 + $1 } }
        self.init(
            year: number(0..<4), month: number(4..<6), day: number(6..<8),
            secondOfDay: (number(8..<10), number(10..<12), number(12..<14)))
    }

    private init?(year: Int64, month: Int64, day: Int64, secondOfDay: (hour: Int64, minute: Int64, second: Int64)) {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths: [Int64] = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard year >= 1970, (1...12).contains(month), (1...lengths[Int(month) - 1]).contains(day),
            secondOfDay.hour < 24, secondOfDay.minute < 60, secondOfDay.second < 61
        else { return nil }
        let before = year - 1
        // Days from the year 1 to the year, less those to 1970.
        let days = before * 365 + before / 4 - before / 100 + before / 400 - 719_162
        let dayOfYear = lengths.prefix(Int(month) - 1).reduce(0, +) + day - 1
        self.secondsSinceEpoch =
            ((days + dayOfYear) * 24 + secondOfDay.hour) * 3600 + secondOfDay.minute * 60 + secondOfDay.second
    }
}
