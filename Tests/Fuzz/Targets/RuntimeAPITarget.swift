import LambdaProtocol
import NIOCore
import NIOEmbedded
import NIOHTTP1

@testable import LambdaEnvironment
@testable import LambdaHTTP

/// The listener that a runtime and its extensions talk to: the Runtime API and the Extensions API.
///
/// Input: how the bytes are cut, options, then what the runtime sends.
enum RuntimeAPITarget: FuzzTarget {
    static let name = "http-runtime"

    static var seeds: [[UInt8]] {
        let cycle = HTTPSeeds.runtime.prefix(2).joined() + HTTPSeeds.runtime[0]
        return HTTPSeeds.runtime.enumerated().map { [UInt8($0), UInt8($0)] + ($0 % 2 == 0 ? $1 : HTTPSeeds.runtime[0] + $1).utf8 }
            + [[3, 0] + cycle.utf8, [5, 1] + HTTPSeeds.runtime.joined().utf8, [6, 2] + HTTPSeeds.runtime.joined().utf8]
    }

    static func run(_ input: FuzzInput) {
        var input = input
        let seed = input.byte()
        let options = input.byte()
        let bytes = input.all()
        let whole = EnvironmentRun(options).run(bytes, seed: nil)
        let pieces = EnvironmentRun(options).run(bytes, seed: seed)
        check(whole == pieces, "in one piece: \(whole)\nin pieces: \(pieces)")
    }

    static func mutate(_ input: [UInt8], limit: Int, _ random: inout FuzzRandom) -> [UInt8]? {
        HTTPMutation.mutate(input, headByteCount: 2, limit: limit, &random)
    }
}

/// An environment that has one invocation after the other for its runtime.
private final class EnvironmentRun: RuntimeAPIDelegate, ExtensionsAPIDelegate {
    private let loop = EmbeddedEventLoop()
    private let options: UInt8
    private var told: [String] = []
    private var count = 0
    private lazy var runtimeAPI = RuntimeAPI(
        delegate: self, executedVersion: "$LATEST", limits: self.limits, maxInvocations: self.options & 1 == 0 ? 1 : 3)
    private lazy var extensionsAPI = ExtensionsAPI(
        delegate: self, function: FunctionDescription(name: "f"), accountID: "123456789012",
        isEnabled: self.options & 8 == 0)

    private var limits: LambdaLimits {
        var limits = LambdaLimits()
        limits.responseByteCount = 512
        limits.streamedResponseByteCount = 768
        return limits
    }

    init(_ options: UInt8) {
        self.options = options
    }

    func run(_ bytes: [UInt8], seed: UInt8?) -> [String] {
        self.extensionsAPI.environmentStarted(externalNames: ["e"])
        self.runtimeAPI.processStarted()
        var configuration = ExecutionEnvironment.listenerLimits
        configuration.maxHeadByteCount = 4096
        configuration.drainLimit = 512
        let conversation = HTTPConversation(configuration, loop: self.loop) { exchange in
            if self.runtimeAPI.handle(exchange) || self.extensionsAPI.handle(exchange) { return }
            exchange.reject(.notFound)
        }
        let statuses = conversation.run(FuzzSplit(bytes: bytes, seed: seed), closesInput: self.options & 4 != 0)
        self.runtimeAPI.processEnded()
        self.extensionsAPI.environmentEnded()
        return self.told + ["\(statuses)"]
    }

    private func deliver() {
        self.count += 1
        let request = InvocationRequest(
            requestID: "00000000-0000-4000-8000-00000000000\(self.count % 10)",
            event: ByteBuffer(string: #"{"n":1}"#), invokedFunctionARN: "arn", clientContext: "{}", traceID: "Root=1",
            tenantID: "t")
        let invocation = Invocation(request, sink: self.options & 2 == 0 ? nil : CountingSink()) { _ in }
        self.runtimeAPI.deliver(invocation, remaining: .seconds(3))
    }

    func runtimeBecameReady() {
        self.told.append("ready")
        if self.count < 5 { self.deliver() }
    }

    func runtimePostStarted() { self.told.append("started") }

    func runtimePosted(_ post: RuntimePost, id: Substring) {
        switch post.outcome {
        case .result(let reply):
            check(reply.body.readableBytes <= self.limits.responseByteCount, "a response over its limit")
            self.told.append("\(id) result of \(reply.body.readableBytes)")
        case .functionError(let reply): self.told.append("\(id) error of \(reply.body.readableBytes) \(post.errorType ?? "")")
        case .refused(let error): self.told.append("\(id) \(error)")
        }
        // A type stands in logs and metrics.
        check(post.errorType?.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } ?? true, "\(post.errorType ?? "")")
    }

    func runtimePostedInitError(_ document: FunctionReply, errorType: String) { self.told.append("init \(errorType)") }
    func extensionRegistered(_ name: String, presence: ExtensionPresence) { self.told.append("registered \(name)") }
    func externalExtensionsRegistered() { self.told.append("all registered") }
    func extensionsBecameReady() { self.told.append("extensions ready") }
    func extensionReportedError(_ failure: ExtensionFailure) { self.told.append("\(failure)") }
}

/// A caller who takes everything.
private final class CountingSink: ResponseSink {
    var onWanted: (() -> Void)?
    func begin(_ head: ResponseHead) {}
    func write(_ bytes: ByteBuffer) -> Bool { true }
}
