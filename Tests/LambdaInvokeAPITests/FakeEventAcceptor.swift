import LambdaProtocol

/// Takes events over, or refuses them all.
// @unchecked: used on the API's loop; read by a test after its answer has come.
final class FakeEventAcceptor: EventAcceptor, @unchecked Sendable {
    private let refusal: InvokeError?
    private(set) var requests: [InvocationRequest] = []

    init(refusal: InvokeError? = nil) {
        self.refusal = refusal
    }

    func accept(
        _ request: InvocationRequest, of function: ResolvedFunction, completion: @escaping (InvokeError?) -> Void
    ) {
        self.requests.append(request)
        completion(self.refusal)
    }
}
