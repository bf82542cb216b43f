import LambdaMetrics
import NIOCore
import Testing

@testable import LambdaMetrics

@Suite struct PrometheusTextTests {
    private func text(_ body: (inout PrometheusText) -> Void, labels: MetricLabels = .none) -> String {
        var text = PrometheusText(labels: labels)
        body(&text)
        return String(buffer: text.bytes)
    }

    @Test func aFamilyHasItsHelpItsTypeAndItsSamples() {
        let text = self.text {
            $0.family("a_total", .counter, "How many.", samples: [(["b": "1"], 5), (["b": "2"], 0)])
            $0.family("c", .gauge, "How much.", -3)
        }
        #expect(
            text == """
                # HELP a_total How many.
                # TYPE a_total counter
                a_total{b="1"} 5
                a_total{b="2"} 0
                # HELP c How much.
                # TYPE c gauge
                c -3

                """)
    }

    @Test func commonLabelsComeFirst() {
        let text = self.text(
            { $0.family("a", .gauge, "x", samples: [(["b": "1"], 5), (.none, 6)]) }, labels: ["f": "echo"])
        #expect(text.hasSuffix("a{f=\"echo\",b=\"1\"} 5\na{f=\"echo\"} 6\n"))
    }

    @Test func valuesFromOutsideCannotBreakOutOfTheirQuotationMarks() {
        let text = self.text { $0.family("a", .gauge, "x", samples: [(["b": "q\"} 1\nb\\"], 5)]) }
        #expect(text.hasSuffix(#"a{b="q\"} 1\nb\\"} 5"# + "\n"))
    }

    @Test func aHistogramCountsUpToItsLastBucketAndSumsUpExactly() {
        var histogram = DurationHistogram()
        for duration in [TimeAmount.microseconds(100), .nanoseconds(100_001), .seconds(1), .hours(1), .seconds(-1)] {
            histogram.record(duration)
        }
        let lines = self.text { $0.histograms("d_seconds", "x", [(["f": "a"], histogram)]) }.split(separator: "\n")
        #expect(lines.contains("d_seconds_bucket{f=\"a\",le=\"0.0001\"} 2"))
        #expect(lines.contains("d_seconds_bucket{f=\"a\",le=\"0.00025\"} 3"))
        #expect(lines.contains("d_seconds_bucket{f=\"a\",le=\"0.5\"} 3"))
        #expect(lines.contains("d_seconds_bucket{f=\"a\",le=\"1\"} 4"))
        #expect(lines.contains("d_seconds_bucket{f=\"a\",le=\"900\"} 4"))
        #expect(lines.contains("d_seconds_bucket{f=\"a\",le=\"+Inf\"} 5"))
        #expect(lines.contains("d_seconds_sum{f=\"a\"} 3601.000200001"))
        #expect(lines.last == "d_seconds_count{f=\"a\"} 5")
    }

    @Test func histogramsAddUp() {
        var one = DurationHistogram()
        one.record(.milliseconds(3))
        var sum = one
        sum.add(one)
        #expect(sum.count == 2)
        #expect(sum.sum == 6_000_000)
        #expect(sum.cumulativeCounts == one.cumulativeCounts.map { $0 * 2 })
    }

    @Test(arguments: [
        (0, "0"), (1, "0.000000001"), (1_500_000_000, "1.5"), (-1, "-0.000000001"), (-2_000_000_000, "-2"),
        (Int64.max, "9223372036.854775807"),
    ])
    func nanosecondsAreShownAsSecondsExactly(nanoseconds: Int64, text: String) {
        #expect(PrometheusText.seconds(nanoseconds) == text)
    }
}

@Suite struct LabelRegisterTests {
    @Test func namesKeepTheirNumbersUpToTheLimit() {
        var register = LabelRegister(limit: 2)
        #expect(register.number(of: "a", mayEnter: true) == 1)
        #expect(register.number(of: "b", mayEnter: true) == 2)
        #expect(register.number(of: "c", mayEnter: true) == 0)
        #expect(register.number(of: "a", mayEnter: false) == 1)
        #expect(register.names == ["other", "a", "b"])
    }

    @Test func whatMayNotEnterIsCountedWithTheOthers() {
        var register = LabelRegister(limit: 2)
        #expect(register.number(of: "made-up", mayEnter: false) == 0)
        #expect(register.number(of: "other", mayEnter: true) == 0)
        #expect(register.names == ["other"])
    }
}
