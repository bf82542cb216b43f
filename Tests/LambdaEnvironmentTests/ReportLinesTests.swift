import LambdaEnvironment
import LambdaProtocol
import NIOCore
import Testing

@Suite struct ReportLinesTests {
    static let time = EpochClock.Instant(millisecondsSinceEpoch: 1_719_343_378_186)

    func lines(json: Bool = false, _ write: (ReportLines, inout ByteBuffer) -> Void) -> String {
        var buffer = ByteBuffer()
        let function = FunctionDescription(name: "echo")
        write(ReportLines(function: function, timeout: .seconds(30), format: json ? .json : .text), &buffer)
        return String(buffer: buffer)
    }

    func record(_ failure: EnvironmentFailure? = nil, initDuration: TimeAmount? = nil) -> InvocationRecord {
        InvocationRecord(
            requestID: "id", duration: .microseconds(3010), initDuration: initDuration, failure: failure,
            peakMemoryByteCount: 36 << 20)
    }

    @Test func anInvocationIsStartEndAndReport() {
        #expect(
            self.lines { $0.start(requestID: "id", at: Self.time, into: &$1) }
                == "START RequestId: id Version: $LATEST\n")
        #expect(
            self.lines { $0.end(self.record(), at: Self.time, into: &$1) }
                == "END RequestId: id\nREPORT RequestId: id\tDuration: 3.01 ms\tBilled Duration: 4 ms\t"
                + "Memory Size: 128 MB\tMax Memory Used: 36 MB\t\n")
    }

    @Test func initDurationComesLastAndIsBilled() {
        let text = self.lines {
            $0.end(self.record(initDuration: .microseconds(110_100)), at: Self.time, into: &$1)
        }
        #expect(text.contains("\tBilled Duration: 114 ms\t"))
        #expect(text.hasSuffix("\tMax Memory Used: 36 MB\tInit Duration: 110.10 ms\t\n"))
    }

    @Test func aTimeOutHasItsLineAndItsStatus() {
        let text = self.lines { $0.end(self.record(.timedOut), at: Self.time, into: &$1) }
        #expect(text.hasPrefix("2024-06-25T19:22:58.186Z id Task timed out after 30.00 seconds\n\nEND RequestId: id\n"))
        #expect(text.hasSuffix("\tStatus: timeout\t\n"))
    }

    @Test func anExitHasItsReasonAndItsType() {
        let text = self.lines { $0.end(self.record(.exited(.code(0))), at: Self.time, into: &$1) }
        #expect(
            text.hasPrefix(
                "RequestId: id Error: Runtime exited without providing a reason\nRuntime.ExitError\nEND RequestId"))
        #expect(text.hasSuffix("\tStatus: error\tError Type: Runtime.ExitError\t\n"))
    }

    @Test func initStartTellsWhatIsKnownOfTheRuntime() {
        func line(_ version: String?, json: Bool = false) -> String {
            self.lines(json: json) {
                $0.initStart(phase: .initialisation, runtimeVersion: version, at: Self.time, into: &$1)
            }
        }
        #expect(line("python3.13") == "INIT_START Runtime Version: python3.13\n")
        #expect(line(nil) == "INIT_START Runtime Version: provided\n")
        #expect(line("python3.13", json: true).contains(#""phase":"init","runtimeVersion":"python3.13","#))
        #expect(!line(nil, json: true).contains("runtimeVersion"))
    }

    @Test func aFailedInitHasItsPhase() {
        let text = self.lines {
            $0.initFailure(
                .exited(.code(1)), after: .microseconds(206_720), phase: .initialisation, at: Self.time, into: &$1)
        }
        #expect(
            text.hasPrefix(
                "INIT_REPORT Init Duration: 206.72 ms\tPhase: init\tStatus: error\tError Type: Runtime.ExitError\n"))
    }

    @Test func jsonIsOneObjectALine() {
        let text = self.lines(json: true) {
            $0.start(requestID: "id", at: Self.time, into: &$1)
            $0.end(self.record(.timedOut), at: Self.time, into: &$1)
        }
        let lines = text.split(separator: "\n")
        #expect(lines.count == 3)
        #expect(
            lines[0]
                == #"{"time":"2024-06-25T19:22:58.186Z","type":"platform.start","record":{"requestId":"id","version":"$LATEST"}}"#
        )
        #expect(
            lines[2]
                == #"{"time":"2024-06-25T19:22:58.186Z","type":"platform.report","record":{"requestId":"id","status":"timeout","metrics":{"durationMs":3.01,"billedDurationMs":4,"memorySizeMB":128,"maxMemoryUsedMB":36}}}"#
        )
    }
}
