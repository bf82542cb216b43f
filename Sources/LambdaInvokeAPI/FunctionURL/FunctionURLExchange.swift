import LambdaHTTP
import LambdaProtocol
import NIOCore
import NIOHTTP1

/// One request to a function URL, and what every answer to it has: the ids, and the fields of CORS.
struct FunctionURLExchange {
    let exchange: HTTPExchange
    let url: FunctionURL
    let requestID: String
    let traceID: String
    /// What CORS adds (contract 12.4), to errors too: a script is to see them.
    var cors: [HTTPField] = []

    func respond(_ response: FunctionURLResponse) {
        let response = self.complete(response)
        self.exchange.respond(
            status: HTTPResponseStatus(statusCode: response.status), headers: self.fields(of: response),
            body: response.body)
    }

    func refuse(_ error: FunctionURLError) {
        self.respond(error.response(self.url.payloadFormat))
    }

    /// Sends the status and the fields of a response whose body follows.
    func start(_ response: FunctionURLResponse) -> HTTPResponseWriter {
        let response = self.complete(response)
        return self.exchange.startStreaming(
            status: HTTPResponseStatus(statusCode: response.status), headers: self.fields(of: response))
    }

    private func complete(_ response: FunctionURLResponse) -> FunctionURLResponse {
        var response = response
        response.add(cors: self.cors)
        return response
    }

    private func fields(of response: FunctionURLResponse) -> [(String, String)] {
        response.fields.map { ($0.name, $0.value) }
            + [(LambdaHeader.requestID, self.requestID), (LambdaHeader.traceID, self.traceID)]
    }
}
