/// What was declared, bound and consumed through one channel, to be done again after a lost connection.
///
/// Pure: no I/O. It keeps what the broker has agreed to, in an order in which it can be done again. A queue that the
/// broker named gets a new name each time; bindings and consumers follow it.
package struct ChannelTopology: Sendable {
    /// A queue, and how it is known.
    package struct Queue: Sendable, Equatable {
        package var declaration: AMQPQueueDeclaration
        /// The name that the broker knows it by now; differs from the declaration's where the broker made it.
        package var currentName: String
    }

    package private(set) var prefetchCount: UInt16?
    package private(set) var isConfirming = false
    package private(set) var exchanges: [AMQPExchangeDeclaration] = []
    package private(set) var queues: [Queue] = []
    package private(set) var exchangeBindings: [AMQPExchangeBinding] = []
    package private(set) var queueBindings: [AMQPQueueBinding] = []
    package private(set) var consumers: [AMQPConsumption] = []
    /// From every earlier name of a queue that the broker named to the latest.
    private var renamed: [String: String] = [:]

    package init() {}

    package mutating func qosSet(prefetchCount: UInt16) { self.prefetchCount = prefetchCount }

    package mutating func confirmsSelected() { self.isConfirming = true }

    package mutating func exchangeDeclared(_ exchange: AMQPExchangeDeclaration) {
        self.exchanges.removeAll { $0.name == exchange.name }
        self.exchanges.append(exchange)
    }

    package mutating func exchangeDeleted(_ name: String) {
        self.exchanges.removeAll { $0.name == name }
        self.exchangeBindings.removeAll { $0.source == name || $0.destination == name }
        self.queueBindings.removeAll { $0.exchange == name }
    }

    package mutating func queueDeclared(_ declaration: AMQPQueueDeclaration, name: String) {
        self.queues.removeAll { $0.currentName == name }
        self.queues.append(Queue(declaration: declaration, currentName: name))
    }

    package mutating func queueDeleted(_ name: String) {
        self.queues.removeAll { $0.currentName == name }
        self.queueBindings.removeAll { $0.queue == name }
        self.consumers.removeAll { $0.queue == name }
    }

    package mutating func bound(_ binding: AMQPQueueBinding) {
        if !self.queueBindings.contains(binding) { self.queueBindings.append(binding) }
    }

    package mutating func unbound(_ binding: AMQPQueueBinding) {
        self.queueBindings.removeAll { $0 == binding }
    }

    package mutating func bound(_ binding: AMQPExchangeBinding) {
        if !self.exchangeBindings.contains(binding) { self.exchangeBindings.append(binding) }
    }

    package mutating func unbound(_ binding: AMQPExchangeBinding) {
        self.exchangeBindings.removeAll { $0 == binding }
    }

    package mutating func consumed(_ consumption: AMQPConsumption) {
        self.consumers.append(consumption)
    }

    package mutating func consumerEnded(_ consumerTag: AMQPShortString) {
        self.consumers.removeAll { $0.consumerTag == consumerTag }
    }

    /// A queue was declared again, and the broker gave it another name.
    package mutating func queueRenamed(from old: String, to new: String) {
        guard old != new else { return }
        for (name, latest) in self.renamed where latest == old { self.renamed[name] = new }
        self.renamed[old] = new
        for index in self.queues.indices where self.queues[index].currentName == old {
            self.queues[index].currentName = new
        }
        for index in self.queueBindings.indices where self.queueBindings[index].queue == old {
            self.queueBindings[index].queue = new
        }
        for index in self.consumers.indices where self.consumers[index].queue == old {
            self.consumers[index].queue = new
        }
    }

    /// The name that a queue has now, given any that it had.
    package func currentName(of queue: String) -> String { self.renamed[queue] ?? queue }
}
