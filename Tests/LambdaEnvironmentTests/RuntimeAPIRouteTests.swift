@testable import LambdaEnvironment
import NIOHTTP1
import Testing

@Suite struct RuntimeAPIRouteTests {
    @Test(arguments: [
        (HTTPMethod.GET, "/2018-06-01/runtime/invocation/next", RuntimeAPIRoute.next),
        (.POST, "/2018-06-01/runtime/invocation/next", .wrongMethod),
        (.POST, "/2018-06-01/runtime/invocation/a-b/response", .response(id: "a-b")),
        (.POST, "/2018-06-01/runtime/invocation/a-b/error", .error(id: "a-b")),
        (.GET, "/2018-06-01/runtime/invocation/a-b/error", .wrongMethod),
        (.POST, "/2018-06-01/runtime/invocation/a%2Db%2f/response", .response(id: "a-b/")),
        (.POST, "/2018-06-01/runtime/invocation/a%2/error", .error(id: "a%2")),
        (.POST, "/2018-06-01/runtime/init/error", .initError),
        (.GET, "/2018-06-01/ping", .ping),
        (.POST, "/2018-06-01/runtime/invocation//response", .unknownPath),
        (.POST, "/2018-06-01/runtime/invocation/a-b/other", .unknownPath),
        (.GET, "/2018-06-01/runtime/restore/next", .unknownPath),
        (.GET, "/", .unknownPath),
    ])
    func aPathHasOneMeaning(_ method: HTTPMethod, _ path: String, _ route: RuntimeAPIRoute) {
        #expect(RuntimeAPIRoute(method: method, path: Substring(path)) == route)
    }
}
