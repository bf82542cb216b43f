import LambdaEnvironment
import LambdaProtocol
import NIOCore
import Testing

@Suite struct PlatformEventFormatTests {
    static let time = EpochClock.Instant(millisecondsSinceEpoch: 1_665_532_815_064)

    func text(_ event: PlatformEvent, _ version: TelemetryAPIVersion = .telemetry) -> String? {
        PlatformEventFormat(function: FunctionDescription(name: "echo")).text(event, at: Self.time, version: version)
    }

    func record(
        _ failure: EnvironmentFailure? = nil, errorType: String? = nil, initDuration: TimeAmount? = nil
    ) -> InvocationRecord {
        InvocationRecord(
            requestID: "id", traceID: "Root=1-2", duration: .microseconds(3010), initDuration: initDuration,
            failure: failure, functionErrorType: errorType, producedByteCount: 2, peakMemoryByteCount: 36 << 20)
    }

    func envelope(_ type: String, _ record: String) -> String {
        #"{"time":"2022-10-12T00:00:15.064Z","type":"platform.\#(type)","record":\#(record)}"#
    }

    @Test func initHasThreeEvents() {
        #expect(
            self.text(.initStart(phase: .initialisation, runtimeVersion: nil))
                == self.envelope(
                    "initStart",
                    #"{"initializationType":"on-demand","phase":"init","functionName":"echo","functionVersion":"$LATEST","instanceMaxMemory":134217728}"#
                ))
        #expect(
            self.text(.initRuntimeDone(phase: .invocation, failure: nil))
                == self.envelope(
                    "initRuntimeDone", #"{"initializationType":"on-demand","phase":"invoke","status":"success"}"#))
        #expect(
            self.text(
                .initReport(phase: .initialisation, duration: .milliseconds(5), failure: .exited(.code(1))))
                == self.envelope(
                    "initReport",
                    #"{"initializationType":"on-demand","phase":"init","status":"error","errorType":"Runtime.ExitError","metrics":{"durationMs":5.00}}"#
                ))
        for event in [
            PlatformEvent.initStart(phase: .initialisation, runtimeVersion: nil),
            .initRuntimeDone(phase: .initialisation, failure: nil),
            .initReport(phase: .initialisation, duration: .zero, failure: nil),
        ] {
            #expect(self.text(event, .logs2021) == nil)
        }
    }

    @Test func anInvocationHasThreeEventsForTelemetry() {
        let tracing = #""tracing":{"type":"X-Amzn-Trace-Id","value":"Root=1-2"}"#
        #expect(
            self.text(.start(requestID: "id", traceID: "Root=1-2"))
                == self.envelope("start", #"{"requestId":"id","version":"$LATEST",\#(tracing)}"#))
        #expect(
            self.text(.runtimeDone(self.record()))
                == self.envelope(
                    "runtimeDone",
                    #"{"requestId":"id","status":"success","metrics":{"durationMs":3.01,"producedBytes":2},\#(tracing)}"#
                ))
        #expect(
            self.text(.report(self.record(initDuration: .microseconds(110_100))))
                == self.envelope(
                    "report",
                    #"{"requestId":"id","status":"success","metrics":{"durationMs":3.01,"billedDurationMs":114,"memorySizeMB":128,"maxMemoryUsedMB":36,"initDurationMs":110.10},\#(tracing)}"#
                ))
        #expect(self.text(.end(requestID: "id")) == nil)
        #expect(self.text(.fault("text")) == nil)
    }

    @Test func theLogsAPIHasItsOwnForms() {
        #expect(
            self.text(.start(requestID: "id", traceID: "Root=1-2"), .logs2020)
                == self.envelope("start", #"{"requestId":"id","version":"$LATEST"}"#))
        #expect(self.text(.end(requestID: "id"), .logs2020) == self.envelope("end", #"{"requestId":"id"}"#))
        #expect(self.text(.fault("a\nb"), .logs2020) == self.envelope("fault", #""a\nb""#))
        #expect(self.text(.runtimeDone(self.record()), .logs2020) == nil)
        #expect(
            self.text(.runtimeDone(self.record(.timedOut)), .logs2021)
                == self.envelope("runtimeDone", #"{"requestId":"id","status":"timeout"}"#))
        #expect(
            self.text(.report(self.record()), .logs2020)
                == self.envelope(
                    "report",
                    #"{"requestId":"id","metrics":{"durationMs":3.01,"billedDurationMs":4,"memorySizeMB":128,"maxMemoryUsedMB":36}}"#
                ))
    }

    static func notStarted(_ errorType: String) -> EnvironmentFailure {
        .notStarted(ProcessStartFailure(errorType: errorType, reason: ""))
    }

    @Test(arguments: [
        (EnvironmentFailure.timedOut, #""status":"timeout""#),
        (.exited(.signal(9)), #""status":"error","errorType":"Runtime.ExitError""#),
        (.initError(type: "Runtime.ImportModuleError"), #""status":"error","errorType":"Runtime.ImportModuleError""#),
        (Self.notStarted("Runtime.InvalidEntrypoint"), #""status":"error","errorType":"Runtime.InvalidEntrypoint""#),
        (Self.notStarted("Sandbox.Failure"), #""status":"failure","errorType":"Sandbox.Failure""#),
        (.shutdown, #""status":"failure","errorType":"Sandbox.Failure""#),
    ])
    func aFailureHasItsStatus(_ failure: EnvironmentFailure, _ status: String) {
        for event in [PlatformEvent.runtimeDone(self.record(failure)), .report(self.record(failure))] {
            #expect(self.text(event)?.contains(status + #","metrics""#) == true)
        }
    }

    @Test func aHandlersErrorIsAnError() {
        let status = #""status":"error","errorType":"Function.Unknown","metrics""#
        #expect(self.text(.report(self.record(errorType: "Function.Unknown")))?.contains(status) == true)
    }

    @Test func eachAPIIsToldOfItsOwnSubscriptions() {
        let event = PlatformEvent.subscription(.telemetry, name: "x", types: [.platform, .function])
        #expect(
            self.text(event)
                == self.envelope(
                    "telemetrySubscription", #"{"name":"x","state":"Subscribed","types":["platform","function"]}"#))
        #expect(self.text(event, .logs2020) == nil)
        #expect(
            self.text(.subscription(.logs, name: "x", types: [.function]), .logs2020)
                == self.envelope("logsSubscription", #"{"name":"x","state":"Subscribed","types":["function"]}"#))
    }

    @Test func extensionsAndLossesAreToldToAll() {
        for version in [TelemetryAPIVersion.telemetry2022, .telemetry, .logs2020, .logs2021] {
            #expect(
                self.text(.extension(name: "x", state: "Ready", events: ["INVOKE"], errorType: nil), version)
                    == self.envelope("extension", #"{"name":"x","state":"Ready","events":["INVOKE"]}"#))
            #expect(
                self.text(.logsDropped(recordCount: 2, byteCount: 10), version)?.hasSuffix(
                    #""droppedRecords":2,"droppedBytes":10}}"#) == true)
        }
    }

    @Test func printedLinesAreStringsOrInTheJSONFormatObjects() {
        func json(_ line: [UInt8], embedsJSON: Bool, _ version: TelemetryAPIVersion = .telemetry) -> String? {
            TelemetryEventFormat(function: FunctionDescription(name: "echo"), embedsJSON: embedsJSON).json(
                TelemetryEvent(time: Self.time, content: .function(ByteBuffer(bytes: line))), version: version
            ).map { String(buffer: $0) }
        }
        func event(_ record: String) -> String {
            #"{"time":"2022-10-12T00:00:15.064Z","type":"function","record":\#(record)}"#
        }
        let object = #"{"level":"INFO"}"#
        #expect(json(Array("plain".utf8), embedsJSON: true) == event(#""plain""#))
        #expect(json(Array("a\t\"é\\".utf8), embedsJSON: false) == event(#""a\t\"é\\""#))
        #expect(json([0x61, 0xFF, 0x62], embedsJSON: false) == event("\"a\u{FFFD}b\""))
        #expect(json(Array(object.utf8), embedsJSON: true) == event(object))
        for version in [TelemetryAPIVersion.telemetry2022, .logs2020, .logs2021] {
            #expect(json(Array(object.utf8), embedsJSON: true, version) == event(#""{\"level\":\"INFO\"}""#))
        }
        #expect(json(Array(object.utf8), embedsJSON: false) == event(#""{\"level\":\"INFO\"}""#))
        #expect(json(Array(#"{"level""#.utf8), embedsJSON: true) == event(#""{\"level\"""#))
    }
}
