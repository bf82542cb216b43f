import AMQP
import AMQPRPC
import NIOCore
import Testing

/// What a caller sends, before it is sent.
@Suite struct RPCRequestTests {
    @Test func aRequestTakesNamesAsTextAsLiteralsAndAsShortStrings() {
        let (exchange, key, body) = ("rpc", "prices", ByteBuffer(string: "tea"))
        for request in [
            RPCRequest(exchange: exchange, routingKey: key, body: body),
            RPCRequest(exchange: "rpc", routingKey: "\(key)", body: body),
            RPCRequest(exchange: AMQPShortString(exchange), routingKey: AMQPShortString(key), body: body),
            RPCRequest(exchange: "rpc", routingKey: AMQPShortString(key), body: body),
        ] {
            #expect(request.exchange == AMQPShortString(exchange) && request.routingKey == AMQPShortString(key))
        }
        #expect(RPCRequest(routingKey: key, body: body).exchange == .empty)
        #expect(RPCRequest(routingKey: AMQPShortString(key), body: body).exchange == .empty)
    }

    @Test func aRequestHasThePropertiesThatItIsGivenAndElseNone() {
        let properties = AMQPProperties(contentType: "text/plain")
        let request = RPCRequest(routingKey: "prices", properties: properties, body: ByteBuffer(string: "tea"))
        #expect(request.properties == properties)
        #expect(RPCRequest(routingKey: "prices", body: ByteBuffer()).properties == AMQPProperties())
    }
}
