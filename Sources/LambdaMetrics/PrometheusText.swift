package import NIOCore

/// Writes metrics in Prometheus' text format, version 0.0.4.
///
/// Pure. A family is written at once, as the format wants it: its help, its type, and all of its samples.
///
/// Source: prometheus.io, "Exposition formats", text-based format.
package struct PrometheusText: Sendable {
    /// What a family's samples are.
    package enum Kind: String, Sendable {
        /// A number that only grows, from 0 at the start of the program.
        case counter
        /// A number as it is now.
        case gauge
    }

    /// A sample: what tells it from the others of its family, and its value.
    package typealias Sample = (labels: MetricLabels, value: Int)

    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// What has been written.
    package private(set) var bytes = ByteBuffer()
    private let common: MetricLabels

    /// - Parameter common: Labels of every sample, before its own.
    package init(labels common: MetricLabels = .none) {
        self.common = common
    }

    /// Writes a family of one sample without labels of its own.
    package mutating func family(_ name: String, _ kind: Kind, _ help: String, _ value: Int) {
        self.family(name, kind, help, samples: [(.none, value)])
    }

    /// Writes a family of counters or gauges; one without samples is only announced.
    ///
    /// - Parameters:
    ///   - name: Its name; a counter's ends in `_total`.
    ///   - kind: What it is.
    ///   - help: One sentence.
    ///   - samples: Each with labels that no other has.
    package mutating func family(_ name: String, _ kind: Kind, _ help: String, samples: [Sample]) {
        self.head(name, kind.rawValue, help)
        for (labels, value) in samples { self.sample(name, labels, "\(value)") }
    }

    /// Writes a family of histograms, in seconds.
    ///
    /// - Parameters:
    ///   - name: Its name, which ends in `_seconds`.
    ///   - help: One sentence.
    ///   - samples: Each with labels that no other has.
    package mutating func histograms(
        _ name: String, _ help: String, _ samples: [(labels: MetricLabels, histogram: DurationHistogram)]
    ) {
        self.head(name, "histogram", help)
        for (labels, histogram) in samples {
            for (bound, count) in zip(DurationHistogram.bounds, histogram.cumulativeCounts) {
                self.sample(name + "_bucket", labels.and(["le": Self.seconds(bound)]), "\(count)")
            }
            self.sample(name + "_bucket", labels.and(["le": "+Inf"]), "\(histogram.count)")
            self.sample(name + "_sum", labels, Self.seconds(histogram.sum))
            self.sample(name + "_count", labels, "\(histogram.count)")
        }
    }

    private mutating func head(_ name: String, _ kind: String, _ help: String) {
        self.bytes.writeString("# HELP \(name) \(help)\n# TYPE \(name) \(kind)\n")
    }

    private mutating func sample(_ name: String, _ labels: MetricLabels, _ value: String) {
        let labels = self.common.and(labels)
        self.bytes.writeString(labels.text.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels.text)} \(value)\n")
    }

    /// Nanoseconds as seconds, exactly: `0.0025`, `30`.
    static func seconds(_ nanoseconds: Int64) -> String {
        let (whole, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        guard rest != 0 else { return "\(whole)" }
        let digits = String(rest.magnitude)
        var fraction = String(repeating: "0", count: 9 - digits.count) + digits
        while fraction.hasSuffix("0") { fraction.removeLast() }
        return "\(nanoseconds < 0 && whole == 0 ? "-" : "")\(whole).\(fraction)"
    }
}
