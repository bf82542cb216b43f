import Foundation
import TestSupport

/// A page of metrics, read as strictly as the text format is written (prometheus.io, "Exposition formats"): every
/// family once, announced with help and type before its samples, every sample once, histograms that add up.
struct PrometheusPage {
    struct Malformed: Error, CustomStringConvertible {
        let description: String
    }

    private struct Sample {
        let name: String
        let labels: [String: String]
        let value: Double
    }

    /// By family.
    private(set) var types: [String: String] = [:]
    private var samples: [Sample] = []

    /// Gets the page of a program.
    static func of(port: Int) async throws -> PrometheusPage {
        let answer = try await HTTPAnswer.of(
            "http://127.0.0.1:\(port)/metrics", body: "", options: ["--request", "GET"])
        guard answer.status == 200, answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8" else {
            throw Malformed(description: "\(answer.status) \(answer.headers)")
        }
        return try PrometheusPage(text: answer.body)
    }

    /// The value of a sample with at least these labels; 0 where there is none, as for a counter that was never raised.
    func value(_ name: String, _ labels: [String: String] = [:]) throws -> Double {
        let found = self.samples.filter { sample in
            sample.name == name && labels.allSatisfy { sample.labels[$0.key] == $0.value }
        }
        guard found.count <= 1 else { throw Malformed(description: "\(name) \(labels) is \(found.count) samples") }
        return found.first?.value ?? 0
    }

    /// The sum of all samples of a name.
    func sum(_ name: String) -> Double {
        self.samples.filter { $0.name == name }.reduce(0) { $0 + $1.value }
    }

    /// The values of a label, of all samples of a name.
    func labels(_ label: String, of name: String) -> Set<String> {
        Set(self.samples.filter { $0.name == name }.compactMap { $0.labels[label] })
    }

    init(text: String) throws {
        guard text.hasSuffix("\n") else { throw Malformed(description: "the last line has no end") }
        var family = ""
        var helped: String?
        var seen: Set<String> = []
        for line in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false) {
            if let match = line.wholeMatch(of: /# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (\S.*)/) {
                guard self.types[String(match.1)] == nil else { throw Malformed(description: "twice: \(line)") }
                helped = String(match.1)
            } else if let match = line.wholeMatch(of: /# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)/) {
                family = String(match.1)
                guard helped == family, self.types[family] == nil else {
                    throw Malformed(description: "without its help, or twice: \(line)")
                }
                self.types[family] = String(match.2)
                if match.2 == "counter", !family.hasSuffix("_total") {
                    throw Malformed(description: "a counter's name ends in _total: \(line)")
                }
            } else {
                guard seen.insert(line.split(separator: " ").dropLast().joined(separator: " ")).inserted else {
                    throw Malformed(description: "twice: \(line)")
                }
                self.samples.append(try self.sample(line, of: family))
            }
        }
        try self.checkHistograms()
    }

    private func sample(_ line: Substring, of family: String) throws -> Sample {
        guard let match = line.wholeMatch(of: /([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(.*)\})? (-?[0-9]+(\.[0-9]+)?)/),
            let value = Double(match.4)
        else { throw Malformed(description: "no sample: \(line)") }
        let name = String(match.1)
        let suffixes = self.types[family] == "histogram" ? ["_bucket", "_sum", "_count"] : [""]
        guard suffixes.contains(where: { name == family + $0 }) else {
            throw Malformed(description: "in the family \(family): \(line)")
        }
        if self.types[family] == "counter", value < 0 { throw Malformed(description: "a counter below 0: \(line)") }
        return Sample(name: name, labels: try Self.labels(match.3 ?? "", line), value: value)
    }

    private static func labels(_ text: Substring, _ line: Substring) throws -> [String: String] {
        var labels: [String: String] = [:]
        var rest = text
        while !rest.isEmpty {
            guard let match = rest.prefixMatch(of: /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/),
                labels.updateValue(String(match.2), forKey: String(match.1)) == nil
            else { throw Malformed(description: "labels: \(line)") }
            rest = rest[match.range.upperBound...]
        }
        return labels
    }

    private func checkHistograms() throws {
        for (family, type) in self.types where type == "histogram" {
            for count in self.samples where count.name == family + "_count" {
                let buckets = self.samples.filter { sample in
                    var labels = sample.labels
                    labels["le"] = nil
                    return sample.name == family + "_bucket" && labels == count.labels
                }
                let values = buckets.map(\.value)
                let bounds = buckets.dropLast().map { Double($0.labels["le"] ?? "") }
                guard values == values.sorted(), values.last == count.value, buckets.last?.labels["le"] == "+Inf",
                    bounds.allSatisfy({ $0 != nil }),
                    zip(bounds, bounds.dropFirst()).allSatisfy({ ($0 ?? 0) < ($1 ?? 0) })
                else { throw Malformed(description: "the histogram \(family) does not add up") }
            }
        }
    }
}
