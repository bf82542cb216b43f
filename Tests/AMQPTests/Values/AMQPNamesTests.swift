import AMQP
import NIOCore
import Testing

/// Names as text, as literals and as short strings; that this compiles is half of the test.
@Suite struct AMQPNamesTests {
    @Test func aPublishingTakesNamesAsTextAsLiteralsAndAsShortStrings() {
        let (exchange, key) = ("logs", "a.b")
        let short = AMQPPublishing(AMQPMessage("tea"), to: AMQPShortString(exchange), routingKey: AMQPShortString(key))
        #expect(AMQPPublishing(AMQPMessage("tea"), to: exchange, routingKey: key) == short)
        #expect(AMQPPublishing(AMQPMessage("tea"), to: "logs", routingKey: "a.b") == short)
        #expect(AMQPPublishing(AMQPMessage("tea"), to: "logs", routingKey: AMQPShortString(key)) == short)
        #expect(AMQPPublishing(AMQPMessage("tea"), to: "\(exchange)", routingKey: "a.\("b")", isMandatory: true) == short)
        // Without an exchange it goes to a queue.
        #expect(AMQPPublishing(AMQPMessage("tea"), routingKey: key).exchange == .empty)
        #expect(AMQPPublishing(AMQPMessage("tea"), routingKey: AMQPShortString(key)).exchange == .empty)
        #expect(!AMQPPublishing(AMQPMessage("tea"), routingKey: key, isMandatory: false).isMandatory)
    }

    @Test func aConsumptionTakesItsTagAsTextToo() {
        let tag = "worker-1"
        let short = AMQPConsumption(queue: "q", consumerTag: AMQPShortString(tag), noAck: true, prefetch: 3)
        #expect(AMQPConsumption(queue: "q", consumerTag: tag, noAck: true, prefetch: 3) == short)
        #expect(AMQPConsumption(queue: "q", consumerTag: "worker-\(1)", noAck: true, prefetch: 3) == short)
        #expect(AMQPConsumption(queue: "q").consumerTag == "")
    }

    @Test func aShortStringIsMadeOfALiteralWithValuesInIt() {
        let number = 7
        let name: AMQPShortString = "reply-\(number)"
        #expect(name.string == "reply-7")
        var properties = AMQPProperties()
        properties.replyTo = "reply-\(number)"
        #expect(properties.replyTo == name)
    }
}
