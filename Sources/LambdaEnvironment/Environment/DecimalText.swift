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
        let hundredths = (max(0, nanoseconds) + unit / 200) / (unit / 100)
        let fraction = hundredths % 100
        // Short strings are joined without an allocation; an interpolation has one, and it is in each REPORT line.
        return String(hundredths / 100) + (fraction < 10 ? ".0" : ".") + String(fraction)
    }
}
