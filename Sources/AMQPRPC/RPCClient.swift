public import AMQP
import DequeModule
import Glibc
import Logging
package import NIOCore

/// Sends requests over RabbitMQ and waits for their replies.
///
/// Each call ends in exactly one of: its reply; an error. A request was certainly not executed when the error is
/// `unroutable` (no queue took it; told at once), `nacked`, `connectionFailed` (there is no connection), `blocked`,
/// `accessRefused` (the user may not publish there), `resourceRefused` or `invalidArgument`. It may have been when it is
/// `timedOut`, `connectionLost`, `connectionClosed`, `channelClosed`, `consumerCancelled` or `cancelled`, unless the error's
/// `mayHaveExecuted` says that the request had not left. Of an error that the server has answered with, `fault`, the server
/// says it (``RPCFault/isRetriable``).
///
/// After a lost connection the client has a new reply queue by itself, whose name later requests carry.
public final class RPCClient: @unchecked Sendable {
    // @unchecked: every member is used on `eventLoop` only (asserted at the entries).
    package typealias Completion = (Result<RPCReply, AMQPError>) -> Void

    /// What stands between two losses: the channel that is published and consumed on, and the replies' address.
    struct Session {
        var channel: AMQPLinkChannel
        var replyTo: AMQPShortString
    }

    let connection: AMQPConnection
    package let eventLoop: any EventLoop
    let configuration: RPCClientConfiguration
    let logger: Logger
    /// What the async face measures its calls with; nil where nobody wants to know.
    let instruments: CallInstruments?
    var session: Session?
    var setUpRetry = SetUpRetry()
    /// What a call is told while there is no session.
    var absence = AMQPError(.connectionFailed, "not connected to the broker yet")
    var isClosed = false

    var calls: PendingCalls<CallWaiter>
    /// Tasks whose replies came with the bytes that are being read.
    var answered: [AsyncCall] = []
    /// Who gets the replies of calls that have more than one; empty where nobody streams.
    var streams: [CallID: StreamReceiver] = [:]
    /// Whose request was the last that left, where nothing else has left after it; the call may have ended.
    var lastPublished: CallID?
    var unsent: UnsentRequests
    private var expirations = ExpirationText()
    var timer = DeadlineTimer()

    /// Replies that nobody waited for: late ones, repeated ones, other people's.
    ///
    /// Use on the connection's loop.
    package internal(set) var droppedReplyCount = 0

    /// Prepares a client; it can call once it is registered.
    ///
    /// - Parameters:
    ///   - connection: The connection; it may serve others, too.
    ///   - configuration: Where replies come to.
    package init(connection: AMQPConnection, configuration: RPCClientConfiguration) {
        self.connection = connection
        self.eventLoop = connection.eventLoop
        self.configuration = configuration
        self.logger = configuration.logger ?? connection.logger
        self.instruments = CallInstruments(configuration.observability, .rpcClient)
        self.unsent = UnsentRequests(limit: configuration.unsentLimit, byteLimit: configuration.unsentByteLimit)
        self.calls = PendingCalls(epoch: .random(in: 0...UInt16.max))
    }

    /// For tasks that do little but call: they run on the connection's event loop then, and their calls need no switch between
    /// threads.
    ///
    /// The connection's own.
    public var taskExecutor: EventLoopTaskExecutor { self.connection.taskExecutor }

    /// Whether there is a reply queue, so that calls can be made.
    ///
    /// Use on the connection's loop.
    package var isReady: Bool { self.session != nil }

    /// How many calls are under way.
    ///
    /// Use on the connection's loop.
    package var callCount: Int { self.calls.count }

    /// How many deadlines are held, those of calls that have ended and were not swept out yet included.
    ///
    /// Use on the connection's loop.
    package var deadlineCount: Int { self.calls.deadlineCount }
}

// MARK: - Calling, on the loop

extension RPCClient {
    /// Sends a request.
    ///
    /// Call on the connection's loop.
    ///
    /// - Parameters:
    ///   - request: What to send.
    ///   - timeout: How long to wait for the reply; the message expires in its queue after the same time.
    ///   - completion: Called exactly once, on the loop; before this returns where the call cannot even be sent.
    /// - Returns: What the call can be cancelled by.
    @discardableResult
    package func call(
        _ request: RPCRequest, timeout: TimeAmount, completion: @escaping Completion
    ) -> CallID {
        self.eventLoop.assertInEventLoop()
        let id = self.calls.reserve()
        self.start(id, request, timeout: timeout, .completion(completion))
        return id
    }

    /// Forgets a call, whose completion is told so; a reply that still comes is dropped.
    ///
    /// Call on the connection's loop.
    package func cancel(_ id: CallID) {
        self.eventLoop.assertInEventLoop()
        let error = self.ofCall(id, .callCancelled)
        self.end(self.calls.cancelled(id), .failure(error))
    }

    /// An ID for a call that ``start(_:_:timeout:_:)`` begins.
    func reserve() -> CallID {
        self.calls.reserve()
    }

    func start(_ id: CallID, _ request: consuming RPCRequest, timeout: TimeAmount, _ waiter: CallWaiter) {
        let deadline = NIODeadline.now() + timeout
        switch self.calls.wait(waiter, for: id, until: deadline) {
        case .refuse(let waiter): self.tell(waiter, .failure(.callCancelled.ofUnsentCall))
        case .publish: self.began(id, request, timeout: timeout, deadline)
        }
    }

    /// Begins the call of a task.
    func start(_ call: AsyncCall, _ request: consuming RPCRequest, timeout: TimeAmount) {
        let deadline = NIODeadline.now() + timeout
        let id = self.calls.begin(.task(call), until: deadline)
        call.id = id
        self.began(id, request, timeout: timeout, deadline)
    }

    private func began(
        _ id: CallID, _ request: consuming RPCRequest, timeout: TimeAmount, _ deadline: NIODeadline
    ) {
        self.armTimer(at: deadline)
        self.send(UnsentRequests.Request(id: id, request: request, deadline: deadline), timeout: timeout)
    }

    private func send(_ call: consuming UnsentRequests.Request, timeout: TimeAmount) {
        guard let session else { return self.fail(call.id, self.absence) }
        let link = session.channel.link
        if let reason = link.blockedReason {
            return self.fail(call.id, AMQPError(.blocked, "the broker takes no messages now: \(reason)"))
        }
        guard self.unsent.isEmpty, link.isWritable else { return self.hold(call) }
        self.publish(call, timeout: timeout, session)
    }

    /// The socket does not keep up: the request waits for it, in order.
    private func hold(_ call: UnsentRequests.Request) {
        guard !self.unsent.append(call, isWaiting: { self.calls.isWaiting($0) }) else { return }
        let error = AMQPError(
            .resourceRefused,
            "\(self.unsent.count) requests, of \(self.unsent.byteCount) bytes, wait for the connection to take them")
        self.fail(call.id, error)
    }

    /// The socket takes more.
    func sendHeld() {
        while let session, session.channel.link.isWritable, let call = self.unsent.popFirst() {
            guard self.calls.isWaiting(call.id) else { continue }
            self.publish(call, timeout: call.deadline - .now(), session)
        }
    }

    private func publish(_ call: consuming UnsentRequests.Request, timeout: TimeAmount, _ session: Session) {
        let id = call.id
        call.request.properties.correlationID = id.correlationID
        call.request.properties.replyTo = session.replyTo
        if call.request.properties.expiration == nil {
            call.request.properties.expiration = self.expirations.text(of: timeout)
        }
        if call.request.properties.timestamp == nil { call.request.properties.timestamp = UInt64(max(0, time(nil))) }
        do {
            try session.channel.publish(
                exchange: call.request.exchange, routingKey: call.request.routingKey, isMandatory: true,
                properties: call.request.properties, body: call.request.body, confirm: self.confirmHandler(for: id, call.request))
            self.lastPublished = id
        } catch {
            self.fail(id, error.ofUnsentCall)
        }
    }

    private func confirmHandler(for id: CallID, _ request: RPCRequest) -> AMQPLinkChannel.ConfirmHandler? {
        guard self.configuration.confirmsRequests else { return nil }
        let (exchange, routingKey) = (request.exchange, request.routingKey)
        return { result in
            switch result {
            case .success(.confirmed), .failure: break  // a failure ends every call of the session anyway
            case .success(.nacked): self.fail(id, .nacked(exchange: exchange, routingKey))
            case .success(.returned(let replyCode, let replyText)):
                self.returned(id, AMQPReplyCode(rawValue: replyCode), replyText)
            }
        }
    }
}
