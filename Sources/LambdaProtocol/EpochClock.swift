import Glibc

/// The wall clock, as Lambda's headers and log lines carry it. Durations are measured with a monotonic clock instead.
package enum EpochClock {
    /// A moment, in milliseconds since 1970-01-01 UTC.
    package struct Instant: Sendable, Hashable, Comparable {
        package var millisecondsSinceEpoch: Int64

        package init(millisecondsSinceEpoch: Int64) {
            self.millisecondsSinceEpoch = millisecondsSinceEpoch
        }

        package static func < (a: Instant, b: Instant) -> Bool { a.millisecondsSinceEpoch < b.millisecondsSinceEpoch }

        package func advanced(byMilliseconds milliseconds: Int64) -> Instant {
            Instant(millisecondsSinceEpoch: self.millisecondsSinceEpoch + milliseconds)
        }

        /// `2022-10-12T00:00:15.064Z`
        package var iso8601: String {
            var seconds = time_t(self.millisecondsSinceEpoch / 1000)
            var parts = tm()
            gmtime_r(&seconds, &parts)
            func pad(_ number: some BinaryInteger, _ width: Int) -> String {
                let text = String(number)
                return String(repeating: "0", count: max(0, width - text.count)) + text
            }
            return "\(pad(parts.tm_year + 1900, 4))-\(pad(parts.tm_mon + 1, 2))-\(pad(parts.tm_mday, 2))"
                + "T\(pad(parts.tm_hour, 2)):\(pad(parts.tm_min, 2)):\(pad(parts.tm_sec, 2))"
                + ".\(pad(self.millisecondsSinceEpoch % 1000, 3))Z"
        }
    }

    package static func now() -> Instant {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Instant(millisecondsSinceEpoch: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}
