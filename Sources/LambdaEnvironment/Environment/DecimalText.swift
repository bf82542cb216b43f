internal import LambdaHTTP
package import NIOCore

/// Numbers with two decimals, without Foundation.
package enum DecimalText {
    /// Seconds, for example `3.00`.
    package static func hundredths(ofSecondsIn amount: TimeAmount) -> String {
        self.hundredths(amount.nanoseconds, unit: 1_000_000_000)
    }

    /// Milliseconds, for example `17.25`.
    package static func hundredths(ofMillisecondsIn amount: TimeAmount) -> String {
        self.hundredths(amount.nanoseconds, unit: 1_000_000)
    }

    private static func hundredths(_ nanoseconds: Int64, unit: Int64) -> String {
        let (whole, point, rest) = self.parts(nanoseconds, unit: unit)
        return "\(whole)\(point)\(rest)"
    }

    fileprivate static func parts(_ nanoseconds: Int64, unit: Int64) -> (Int64, StaticString, Int64) {
        let hundredths = (max(0, nanoseconds) + unit / 200) / (unit / 100)
        return (hundredths / 100, hundredths % 100 < 10 ? ".0" : ".", hundredths % 100)
    }
}

extension TextWriter {
    /// Milliseconds, for example `17.25`.
    mutating func write(millisecondsIn amount: TimeAmount) {
        let (whole, point, rest) = DecimalText.parts(amount.nanoseconds, unit: 1_000_000)
        self.write(decimal: whole)
        self.write(point)
        self.write(decimal: rest)
    }
}
