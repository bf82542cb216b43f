import AMQP
import NIOCore

// What AMQP's documentation shows, compiled: a test compares the texts.

func connectAndPublish() async throws {
    let connection = try await AMQPConnection.connect(AMQPConfiguration(uri: "amqp://localhost"))
    let channel = try await connection.openChannel()
    try await channel.declareQueue(AMQPQueueDeclaration(name: "orders"))
    try await channel.selectConfirms()
    try await channel.publishConfirmed(AMQPMessage("tea"), routingKey: "orders")
    await connection.close()
}

func consume(_ channel: AMQPChannel) async throws {
    for try await delivery in try await channel.consume(AMQPConsumption(queue: "orders", prefetch: 20)) {
        print(String(buffer: delivery.body))
        try await channel.ack(delivery)
    }
}

func publishBatch(_ channel: AMQPChannel, _ orders: [String]) async {
    let batch = orders.map { AMQPPublishing(AMQPMessage($0), routingKey: "orders") }
    for failure in await channel.publishConfirmed(batch) {
        print("\(orders[failure.index]) is not safe: \(failure.error)")
    }
}

func handlePublish(_ channel: AMQPChannel, _ message: AMQPMessage) async {
    do throws(AMQPError) {
        try await channel.publishConfirmed(message, routingKey: "orders")
    } catch {
        switch error.code {
        case .unroutable: print("no such queue")
        case .nacked: print("the queue is full")
        case .connectionLost: print("the broker may have it")
        default: print(error.isRetriable ? "later" : "never", error)
        }
    }
}

func watch(_ connection: AMQPConnection) async {
    for await state in connection.states() {
        print(state)
    }
}
