internal import Glibc
internal import LambdaProtocol
internal import NIOHTTP1

/// What a request to the Runtime API asks for (contract 4.1).
enum RuntimeAPIRoute: Equatable {
    case ping
    case next
    /// `id` is decoded: Node's client percent-encodes whatever id it was given.
    case response(id: Substring)
    case error(id: Substring)
    case initError
    case unknownPath
    case wrongMethod

    init(method: HTTPMethod, path: Substring) {
        // In memory: stepping over the characters or bytes of a substring costs more than the rest of the request.
        let place = path.utf8.withContiguousStorageIfAvailable { Place(UnsafeRawBufferPointer($0)) } ?? .unknown
        switch place {
        case .next: self = method == .GET ? .next : .wrongMethod
        case .response(let id): self = method == .POST ? .response(id: Self.id(path, id)) : .wrongMethod
        case .error(let id): self = method == .POST ? .error(id: Self.id(path, id)) : .wrongMethod
        case .initError: self = method == .POST ? .initError : .wrongMethod
        case .ping: self = method == .GET ? .ping : .wrongMethod
        case .unknown: self = .unknownPath
        }
    }

    /// What cannot be decoded stays as it is, and is nobody's id.
    private static func id(_ path: Substring, _ range: Range<Int>) -> Substring {
        let start = path.utf8.index(path.startIndex, offsetBy: range.lowerBound)
        let id = path[start..<path.utf8.index(start, offsetBy: range.count)]
        let isEncoded = id.utf8.withContiguousStorageIfAvailable { UnsafeRawBufferPointer($0).holdsPercent } ?? true
        guard isEncoded, let decoded = PercentEncoding.decode(id) else { return id }
        return Substring(decoded)
    }

    /// What a path names; an id as the range of its bytes.
    private enum Place {
        case next, initError, ping, unknown
        case response(Range<Int>)
        case error(Range<Int>)

        private static let invocation: StaticString = "/2018-06-01/runtime/invocation/"

        init(_ path: UnsafeRawBufferPointer) {
            if let rest = path.dropPrefix(Self.invocation) {
                self = Self.invocation(rest, startingAt: path.count - rest.count)
            } else if path.isEqual(to: "/2018-06-01/runtime/init/error") {
                self = .initError
            } else {
                self = path.isEqual(to: "/2018-06-01/ping") ? .ping : .unknown
            }
        }

        private static func invocation(_ rest: UnsafeRawBufferPointer, startingAt start: Int) -> Place {
            if rest.isEqual(to: "next") { return .next }
            if let id = rest.dropSuffix("/response"), !id.isEmpty { return .response(start..<start + id.count) }
            if let id = rest.dropSuffix("/error"), !id.isEmpty { return .error(start..<start + id.count) }
            return .unknown
        }
    }
}

extension UnsafeRawBufferPointer {
    fileprivate var holdsPercent: Bool {
        self.baseAddress.map { memchr($0, Int32(UInt8(ascii: "%")), self.count) != nil } ?? false
    }

    fileprivate func isEqual(to text: StaticString) -> Bool {
        guard self.count == text.utf8CodeUnitCount, let base = self.baseAddress else { return false }
        return memcmp(base, text.utf8Start, self.count) == 0
    }

    fileprivate func dropPrefix(_ text: StaticString) -> UnsafeRawBufferPointer? {
        let count = text.utf8CodeUnitCount
        guard self.count >= count, Self(rebasing: self[..<count]).isEqual(to: text) else { return nil }
        return Self(rebasing: self[count...])
    }

    fileprivate func dropSuffix(_ text: StaticString) -> UnsafeRawBufferPointer? {
        let rest = self.count - text.utf8CodeUnitCount
        guard rest >= 0, Self(rebasing: self[rest...]).isEqual(to: text) else { return nil }
        return Self(rebasing: self[..<rest])
    }
}
