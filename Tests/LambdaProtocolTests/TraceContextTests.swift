import LambdaProtocol
import Testing

@Suite struct TraceContextTests {
    private static let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    private let now = EpochClock.Instant(millisecondsSinceEpoch: 1_800_000_000_000)

    @Test func theSameTraceInAWSsForm() {
        let context = TraceContext(traceparent: Self.traceparent, tracestate: "a=1,b=2")
        #expect(context?.tracestate == "a=1,b=2")
        #expect(
            context?.traceHeader == "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=00f067aa0ba902b7;Sampled=1")
    }

    @Test(arguments: [("00", "0"), ("01", "1"), ("02", "0"), ("ff", "1")])
    func theLowestBitOfTheFlagsSaysWhetherItIsSampled(flags: String, sampled: String) {
        let context = TraceContext(traceparent: "\(Self.traceparent.dropLast(2))\(flags)", tracestate: nil)
        #expect(context?.traceHeader.hasSuffix(";Sampled=\(sampled)") == true)
    }

    @Test(arguments: [
        "", "00", traceparent + "-", traceparent + "-more", "ff\(traceparent.dropFirst(2))",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-011",
        "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01", "cc\(traceparent.dropFirst(2))-\n",
        "cc\(traceparent.dropFirst(2))x", String(repeating: "é", count: 28),
    ])
    func whatIsNoTraceparentIsNoTrace(text: String) {
        #expect(TraceContext(traceparent: text, tracestate: "a=1") == nil)
    }

    @Test func aLaterVersionMayHaveMore() {
        let text = "cc\(Self.traceparent.dropFirst(2))-what-the-future-will-be-like"
        #expect(TraceContext(traceparent: text, tracestate: nil)?.traceparent == text)
    }

    @Test(arguments: ["", "a=\u{7}", "é=1", String(repeating: "x", count: 513)])
    func aTracestateThatIsNoneIsLeftOut(text: String) {
        let context = TraceContext(traceparent: Self.traceparent, tracestate: text)
        #expect(context != nil)
        #expect(context?.tracestate == nil)
    }

    @Test func theTraceOfAWSCountsWhereThereIsOne() throws {
        let context = try #require(TraceContext(traceparent: Self.traceparent, tracestate: nil))
        let header = "Root=1-5f84c7a5-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=0"
        #expect(TraceHeader.complete(header, context: context, now: self.now) == header)
        #expect(TraceHeader.complete(nil, context: context, now: self.now) == context.traceHeader)
        #expect(TraceHeader.complete("nonsense", context: context, now: self.now) == context.traceHeader)
        #expect(TraceHeader.complete(nil, context: nil, now: self.now) != context.traceHeader)
    }
}
