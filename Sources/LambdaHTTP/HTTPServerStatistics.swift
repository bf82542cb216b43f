/// What a listener has done so far.
package struct HTTPServerStatistics: Sendable {
    /// Connections that are open.
    package var connectionCount: Int
    /// Responses by their status.
    package var responses: [Int: Int]

    package init(connectionCount: Int = 0, responses: [Int: Int] = [:]) {
        self.connectionCount = connectionCount
        self.responses = responses
    }
}

/// Responses by their status, in one array: counting is one addition.
struct HTTPResponseCounts {
    /// By status, from 100 to 599; the last place has what is none of these.
    private var counts = [Int](repeating: 0, count: 501)

    mutating func add(_ status: Int) {
        let place = (100...599).contains(status) ? status - 100 : 500
        self.counts[place] += 1
    }

    var byStatus: [Int: Int] {
        var result: [Int: Int] = [:]
        for (place, count) in self.counts.enumerated() where count > 0 {
            result[place == 500 ? 0 : place + 100] = count
        }
        return result
    }
}
