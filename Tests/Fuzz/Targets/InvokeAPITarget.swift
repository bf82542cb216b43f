import LambdaInvokeAPI
import LambdaProtocol
import Logging
import NIOCore
import NIOEmbedded

@testable import LambdaHTTP

/// The listeners of gateway and daemon for everybody: the Invoke API and function URLs, and functions that answer anything.
///
/// Input: how the bytes are cut, options, a section that is the function's answer, then what the client sends.
enum InvokeAPITarget: FuzzTarget {
    static let name = "http-invoke"

    static var seeds: [[UInt8]] {
        let answers = [
            #"{"statusCode":201,"headers":{"a":"b"},"cookies":["c=d"],"body":"aGk=","isBase64Encoded":true}"#,
            "{\"statusCode\":200,\"multiValueHeaders\":{\"x\":[\"y\",1]}}\0\0\0\0\0\0\0\0body", "\"text\"", "[1,2]",
        ]
        var seeds: [[UInt8]] = []
        for (index, request) in HTTPSeeds.invoke.enumerated() {
            let answer = answers[index % answers.count]
            seeds.append([UInt8(index), UInt8(index)] + FuzzInput.section(answer.utf8) + request.utf8)
        }
        let all = HTTPSeeds.invoke.joined()
        return seeds + [[5, 2] + FuzzInput.section(answers[1].utf8) + all.utf8]
    }

    static func run(_ input: FuzzInput) {
        var input = input
        let seed = input.byte()
        let options = input.byte()
        let answer = input.section()
        let bytes = input.all()
        let whole = self.converse(FuzzSplit(bytes: bytes, seed: nil), options, answer)
        let pieces = self.converse(FuzzSplit(bytes: bytes, seed: seed), options, answer)
        check(whole == pieces, "in one piece: \(whole), in pieces: \(pieces)")
    }

    static func mutate(_ input: [UInt8], limit: Int, _ random: inout FuzzRandom) -> [UInt8]? {
        let answerByteCount = input.count > 3 ? Int(input[2]) << 8 | Int(input[3]) : 0
        return HTTPMutation.mutate(input, headByteCount: 4 + answerByteCount, limit: limit, &random)
    }

    private static func converse(_ pieces: FuzzSplit, _ options: UInt8, _ answer: [UInt8]) -> [Int] {
        let loop = EmbeddedEventLoop()
        let invoker = ScriptedInvoker(script: answer, kind: options & 7, eventLoop: loop)
        var configuration = HTTPServerConfiguration.invokeAPI
        configuration.maxHeadByteCount = 2048
        configuration.maxHeaderFieldCount = 32
        configuration.drainLimit = 512
        configuration.maxBodyMemory = 4096
        let handle = self.handler(invoker, options)
        return HTTPConversation(configuration, loop: loop, handle).run(pieces, closesInput: options & 32 != 0)
    }

    /// As the gateway asks its parts in turn.
    private static func handler(_ invoker: ScriptedInvoker, _ options: UInt8) -> (HTTPExchange) -> Void {
        var limits = LambdaLimits()
        limits.requestByteCount = 1024
        limits.eventByteCount = 512
        var settings = InvokeAPIConfiguration()
        settings.limits = limits
        settings.requiresJSON = options & 64 == 0
        let logger = Logger(label: "fuzz", factory: { _ in SwiftLogNoOpLogHandler() })
        let api = InvokeAPI(
            invoker: invoker, events: options & 128 == 0 ? invoker : nil, configuration: settings, logger: logger,
            watchdogReadiness: { true })
        var urlSettings = FunctionURLConfiguration()
        urlSettings.limits = limits
        urlSettings.table = self.table(options)
        urlSettings.trustsProxy = options & 8 != 0
        let urls = FunctionURLAPI(invoker: invoker, configuration: urlSettings)
        return { exchange in
            if urls.serveDomain(exchange) { return }
            if !InvokeAPI.owns(path: exchange.path), urls.servePath(exchange) { return }
            api.handle(exchange)
        }
    }

    private static func table(_ options: UInt8) -> FunctionURLTable {
        let cors = #""cors":{"AllowOrigins":["https://a.example"],"AllowMethods":["*"],"AllowHeaders":["x-a"],"MaxAge":9}"#
        let text = """
            {"urls":[{"domain":"api.example","function":"scripted",\(cors)},{"domain":"*.stream.example",
            "function":"streams","invokeMode":"RESPONSE_STREAM"},{"pathPrefix":"/v1","function":"scripted","payloadFormat":
            "1.0","stripPrefix":true},{"pathPrefix":"/s","function":"streamfails","invokeMode":"RESPONSE_STREAM"},
            {"pathPrefix":"/secret","function":"echo","authType":"AWS_IAM"}]}
            """
        var table = FunctionURLTable()
        do {
            for entry in try FunctionURLFile(ByteBuffer(string: text)).entries { check(table.add(entry), "\(entry)") }
        } catch {
            fatalError("\(error)")
        }
        let byName = PathPrefix("/f").map { FunctionURLEntry.functions(below: $0, FunctionURL()) }
        if options & 16 != 0, let byName { check(table.add(byName), "the table is full") }
        return table
    }
}
