import LambdaProtocol
import NIOCore

/// How far a streamed answer is: its prelude, its body, its end (contract 6.3, 6.4).
///
/// Pure: the sink gives what comes, and does what it is told.
struct StreamedResponseStateMachine {
    private enum State {
        /// Nothing has come. Can transition to: `prelude`, `body`, `over`.
        case waiting
        /// The first bytes are looked at; nothing has been sent. Can transition to: `body`, `over`.
        case prelude(HTTPIntegrationPreludeParser)
        /// The status is out. Can transition to: `over`.
        case body
        /// The client has all that it gets.
        case over
    }

    enum Action: Equatable {
        case nothing
        /// Send status, fields and the first bytes of the body; more follows.
        case start(FunctionURLResponse)
        /// Send these bytes.
        case write(ByteBuffer)
        /// The body is whole.
        case end
        /// The client must see that the body is not whole.
        case abort
        /// Send a whole answer.
        case respond(FunctionURLResponse)
        /// Send the platform's own answer.
        case refuse(FunctionURLError)
    }

    private var state = State.waiting
    private let url: FunctionURL

    init(_ url: FunctionURL) {
        self.url = url
    }

    /// The function has begun to answer.
    mutating func began(contentType: String?) -> Action {
        guard case .waiting = self.state else { return .nothing }
        guard ResponseReader.hasPrelude(contentType) else {
            let type = contentType ?? ResponseReader.streamContentType
            return self.start(FunctionURLResponse(checking: 200, [], contentType: type, body: ByteBuffer()))
        }
        self.state = .prelude(HTTPIntegrationPreludeParser())
        return .nothing
    }

    /// Bytes have come.
    mutating func received(_ bytes: ByteBuffer) -> Action {
        switch self.state {
        case .waiting, .over: return .nothing
        case .body: return .write(bytes)
        case .prelude(var parser):
            let step = parser.received(bytes)
            self.state = .prelude(parser)
            switch step {
            case .needsMore: return .nothing
            case .prelude(let prelude, let body): return self.start(ResponseReader.response(prelude, body: body))
            case .onlyBody(let body): return self.start(ResponseReader.response(onlyBody: body))
            case .malformed: return self.start(nil)
            }
        }
    }

    /// The invocation is over.
    mutating func ended(_ outcome: InvocationOutcome) -> Action {
        defer { self.state = .over }
        switch (self.state, outcome) {
        case (.over, _): return .nothing
        case (.body, .result): return .end
        case (.body, .functionError), (.body, .refused): return .abort
        case (.waiting, .result(let reply)):
            guard let response = ResponseReader.read(reply, self.url) else { return .refuse(.badGateway) }
            return .respond(response)
        case (.prelude(var parser), .result):
            guard case .onlyBody(let body) = parser.ended(), let response = ResponseReader.response(onlyBody: body) else {
                return .refuse(.badGateway)
            }
            return .respond(response)
        case (_, .functionError): return .refuse(.badGateway)
        case (_, .refused(let error)): return .refuse(FunctionURLError(error))
        }
    }

    /// The client is gone; what the function still makes is dropped.
    mutating func clientGone() {
        self.state = .over
    }

    /// Whether what comes is still for somebody.
    var isOver: Bool {
        if case .over = self.state { true } else { false }
    }

    private mutating func start(_ response: FunctionURLResponse?) -> Action {
        guard let response else {
            self.state = .over
            return .refuse(.badGateway)
        }
        self.state = .body
        return .start(response)
    }
}
