import DequeModule
package import NIOCore

/// Requests that wait for the socket to take them, in order: so many, and of so many bytes.
///
/// Pure: who still waits for an answer is asked of the caller.
package struct UnsentRequests: Sendable {
    /// One that waits.
    package struct Request: Sendable {
        package var id: CallID
        package var request: RPCRequest
        package var deadline: NIODeadline

        package init(id: CallID, request: RPCRequest, deadline: NIODeadline) {
            self.id = id
            self.request = request
            self.deadline = deadline
        }
    }

    private var requests: Deque<Request> = []
    package private(set) var byteCount = 0
    private let limit: Int
    private let byteLimit: Int

    /// - Parameters:
    ///   - limit: How many may wait.
    ///   - byteLimit: How many bytes their bodies may have; one that waits alone may have more.
    package init(limit: Int, byteLimit: Int) {
        self.limit = limit
        self.byteLimit = byteLimit
    }

    package var count: Int { self.requests.count }
    package var isEmpty: Bool { self.requests.isEmpty }

    /// Keeps a request.
    ///
    /// - Parameters:
    ///   - request: The request.
    ///   - isWaiting: Whether anybody waits for the answer to a call. Cancelled ones stay here as long as there is room.
    /// - Returns: `false` when there is no room for it.
    package mutating func append(_ request: Request, isWaiting: (CallID) -> Bool) -> Bool {
        if !self.hasRoom(for: request) {
            self.requests.removeAll { !isWaiting($0.id) }
            self.byteCount = self.requests.reduce(0) { $0 + $1.request.body.readableBytes }
        }
        guard self.hasRoom(for: request) else { return false }
        self.requests.append(request)
        self.byteCount += request.request.body.readableBytes
        return true
    }

    private func hasRoom(for request: Request) -> Bool {
        guard !self.requests.isEmpty else { return self.limit > 0 }
        return self.requests.count < self.limit
            && self.byteCount + request.request.body.readableBytes <= self.byteLimit
    }

    /// The oldest.
    package mutating func popFirst() -> Request? {
        guard let request = self.requests.popFirst() else { return nil }
        self.byteCount -= request.request.body.readableBytes
        return request
    }

    /// Whether a call's request waits here.
    package func contains(_ id: CallID) -> Bool {
        self.requests.contains { $0.id == id }
    }

    /// Time has passed: the calls whose deadline has come before their request could leave.
    package mutating func expire(now: NIODeadline) -> [CallID] {
        var expired: [CallID] = []
        var byteCount = 0
        self.requests.removeAll { request in
            guard request.deadline <= now else { return false }
            expired.append(request.id)
            byteCount += request.request.body.readableBytes
            return true
        }
        self.byteCount -= byteCount
        return expired
    }
}
