import LambdaHTTP
import LambdaMetrics
import LambdaProtocol

extension PrometheusText {
    /// Writes everything that a gateway knows: what its loops have counted, summed up, and what functions announce.
    mutating func write(_ loops: [GatewayLoopStatus], _ functions: [FunctionSummary], _ queues: [QueueDepth]) {
        self.write(requests: loops)
        self.family(
            "lambda_gateway_calls_waiting", .gauge, "Callers that wait for an answer.",
            loops.reduce(0) { $0 + $1.waitingCount })
        self.family(
            "lambda_gateway_late_replies_total", .counter, "Replies that nobody waited for any more, or ever.",
            loops.reduce(0) { $0 + $1.droppedReplyCount })
        self.write(loops.map(\.broker))
        self.write(loops.map(\.http))
        self.write(functions)
        self.write(queues)
    }

    private mutating func write(requests loops: [GatewayLoopStatus]) {
        var sums: [String: GatewayCounts.Entry] = [:]
        for loop in loops {
            for (function, entry) in loop.counts.byFunction { sums[function, default: .init()].add(entry) }
        }
        let byName = sums.sorted { $0.key < $1.key }
        self.family(
            "lambda_gateway_requests_total", .counter,
            "Requests by what became of them; functions that nobody has answered for are other.",
            samples: byName.flatMap { function, entry in
                GatewayOutcome.allCases.filter { entry[$0] > 0 }.map { outcome in
                    (["function": function, "outcome": outcome.rawValue], entry[outcome])
                }
            })
        self.histograms(
            "lambda_gateway_duration_seconds", "From a request to the end of its answer, as the gateway sees it.",
            byName.filter { $0.value.duration.count > 0 }.map { (["function": $0.key], $0.value.duration) })
    }

    private mutating func write(_ functions: [FunctionSummary]) {
        func samples(_ value: (FunctionSummary) -> Int) -> [Sample] {
            functions.map { (["function": $0.name, "qualifier": $0.qualifier ?? "$LATEST"], value($0)) }
        }
        self.family(
            "lambda_function_containers", .gauge, "Daemons that have announced the function in the last 30 s.",
            samples: samples { $0.containerCount })
        self.family(
            "lambda_function_slots", .gauge, "Invocations that may run at a time in all of them.",
            samples: samples { $0.slots })
        self.family(
            "lambda_function_free_slots", .gauge, "How many more could have when they last said so.",
            samples: samples { $0.freeSlots })
    }

    private mutating func write(_ queues: [QueueDepth]) {
        self.family(
            "lambda_queue_messages_ready", .gauge, "Messages that wait in a queue of a function that is announced.",
            samples: queues.map { (["queue": $0.queue], $0.readyCount) })
        self.family(
            "lambda_queue_consumers", .gauge, "Consumers of that queue.",
            samples: queues.map { (["queue": $0.queue], $0.consumerCount) })
    }
}
