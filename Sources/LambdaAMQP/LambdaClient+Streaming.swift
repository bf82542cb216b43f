import AMQP
import AMQPRPC
import LambdaMessages
import LambdaProtocol
public import NIOCore

extension LambdaClient {
    /// Invokes a function and reads its answer while it is made.
    ///
    /// Returns when the answer begins, so that what hinders the function from running is thrown here, and tried again
    /// as the policy says. What breaks after that ends the stream. A function that does not stream answers in one chunk.
    ///
    /// - Parameters:
    ///   - function: The function's name, which is its queue's name.
    ///   - payload: The event, JSON unless the function takes bytes; 6 MB at most. Empty stands for `{}`.
    ///   - options: As for ``invoke(_:payload:options:)``; the time-out is for the whole answer. The client's unless given.
    ///   - window: Bytes that may be on their way or wait for the reader, more than 0; more makes up for a longer way. 1 MiB.
    /// - Returns: The answer's pieces, and at last its outcome.
    /// - Throws: ``LambdaError``, which says whether the function may have run, and whether to try again.
    public func invokeWithResponseStream(
        _ function: String, payload: ByteBuffer, options: InvocationOptions? = nil, window: Int = 1024 * 1024
    ) async throws(LambdaError) -> InvocationStream {
        let options = options ?? self.configuration.defaultOptions
        guard window > 0 else { throw LambdaError(.badRequest, "the window must be larger than 0") }
        let measurement = self.instruments?.begin("stream", function)
        do throws(LambdaError) {
            return try await self.attempting(function, options, measurement) { deadline throws(LambdaError) in
                try await self.stream(function, payload, options, window, measurement, until: deadline)
            }
        } catch {
            measurement?.end(error.code.description, error)
            throw error
        }
    }

    private func stream(
        _ function: String, _ payload: ByteBuffer, _ options: InvocationOptions, _ window: Int,
        _ measurement: CallMeasurement?, until deadline: ContinuousClock.Instant
    ) async throws(LambdaError) -> InvocationStream {
        let session = try await self.acquire(until: deadline)
        let timeout: Duration
        do throws(LambdaError) {
            timeout = try Self.remaining(until: deadline)
        } catch {
            self.release()
            throw error
        }
        let receiver = StreamReceiver(window: window)
        var headers = Self.headers(options, measurement)
        headers[LambdaHeader.responseMode] = .string(LambdaHeader.streaming)
        headers[LambdaHeader.streamCredit] = .int64(Int64(receiver.initialCredit))
        let request = Self.request(function, payload, options, headers)
        let (events, continuation) = InvocationStream.Events.makeStream()
        let call = StreamCall(session.rpc, function: function, receiver: receiver, events: continuation)
        call.start(request, timeout: timeout) { self.release() }
        let first = try await Self.first(of: events, call)
        if let measurement { call.reportEnd(to: measurement) }
        return InvocationStream(first: first, contentType: await call.contentTypeOnLoop(), events, call)
    }

    private static func first(
        of events: InvocationStream.Events, _ call: StreamCall
    ) async throws(LambdaError) -> InvocationStreamEvent {
        var iterator = events.makeAsyncIterator()
        do {
            guard let first = try await iterator.next() else { throw await call.cancellationOnLoop() }
            return first
        } catch let error as LambdaError {
            throw error
        } catch {
            throw LambdaError(.service, "\(error)")
        }
    }
}
