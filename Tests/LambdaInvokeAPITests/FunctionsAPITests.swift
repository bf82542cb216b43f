import Foundation
import LambdaProtocol
import NIOCore
import Testing

@testable import LambdaInvokeAPI

/// What the operations that read functions make of a list.
@Suite struct FunctionListPageTests {
    private static func function(_ name: String, _ qualifier: String? = nil) -> FunctionSummary {
        FunctionSummary(
            name: name, qualifier: qualifier, version: "$LATEST",
            arn: "arn:aws:lambda:us-east-1:012345678912:function:\(name)", timeoutSeconds: 3, memoryMegabytes: 128,
            architecture: "x86_64", startedAt: .init(millisecondsSinceEpoch: 1_800_000_000_500), containerCount: 1,
            slots: 4, freeSlots: 3)
    }

    private let functions = [function("a"), function("b"), function("b", "prod"), function("c")]

    private func page(_ query: Substring?) throws -> (names: [String], next: String?) {
        let page = try FunctionListPage.read(query).get().of(self.functions)
        return (page.functions.map(\.queueName), page.nextMarker)
    }

    @Test func withoutParametersItIsEveryFunctionWithoutQualifiers() throws {
        let page = try self.page(nil)
        #expect(page.names == ["a", "b", "c"])
        #expect(page.next == nil)
    }

    @Test func allVersionsAreTheQualifiersToo() throws {
        #expect(try self.page("FunctionVersion=ALL").names == ["a", "b", "b:prod", "c"])
    }

    @Test func pagesFollowEachOtherWithoutAGap() throws {
        var names: [String] = []
        var marker: String?
        repeat {
            let page = try self.page("FunctionVersion=ALL&MaxItems=1" + (marker.map { "&Marker=\($0)" } ?? ""))
            names += page.names
            marker = page.next
        } while marker != nil && names.count < 10
        #expect(names == ["a", "b", "b:prod", "c"])
    }

    @Test func aPageHasFiftyFunctionsAtMost() throws {
        let many = (100..<200).map { Self.function("f\($0)") }
        let page = try FunctionListPage.read("MaxItems=10000").get().of(many)
        #expect(page.functions.count == 50)
        #expect(page.nextMarker != nil)
    }

    @Test func aMarkerOfAFunctionThatIsGoneGoesOnBehindIt() throws {
        #expect(try self.page("Marker=\(Base64.encode("aa".utf8))").names == ["b", "c"])
    }

    @Test func nothingIsACopyOfAnotherRegion() throws {
        #expect(try self.page("MasterRegion=us-east-1&FunctionVersion=ALL").names == [])
        #expect(try self.page("MasterRegion=ALL").names == ["a", "b", "c"])
    }

    @Test(arguments: [
        ("MaxItems=0", "ValidationException"), ("MaxItems=10001", "ValidationException"),
        ("MaxItems=many", "ValidationException"), ("FunctionVersion=7", "ValidationException"),
        ("Marker=!", "InvalidParameterValueException"),
    ])
    func whatAWSRefusesIsRefused(query: Substring, type: String) {
        #expect(throws: InvokeError.self) { try FunctionListPage.read(query).get() }
        if case .failure(let error) = FunctionListPage.read(query) { #expect(error.kind.errorType == type) }
    }

    @Test func aConfigurationIsJSONWithAWSsMembers() throws {
        let text = FunctionDocuments.configuration(Self.function("b", "prod"))
        let members = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(members["FunctionName"] as? String == "b")
        #expect(members["FunctionArn"] as? String == "arn:aws:lambda:us-east-1:012345678912:function:b:prod")
        #expect(members["Timeout"] as? Int == 3)
        #expect(members["MemorySize"] as? Int == 128)
        #expect(members["PackageType"] as? String == "Image")
        #expect(members["State"] as? String == "Active")
        #expect(members["Architectures"] as? [String] == ["x86_64"])
        #expect(members["LastModified"] as? String == "2027-01-15T08:00:00.500+0000")
        #expect(members["Description"] as? String == "1 container, 3 of 4 slots free")
    }
}

@Suite struct FunctionsRouteTests {
    @Test(arguments: [
        ("/2015-03-31/functions" as Substring, FunctionsRoute.list), ("/2015-03-31/functions/", .list),
        ("/2015-03-31/functions/echo", .function(segment: "echo")),
        ("/2015-03-31/functions/arn%3Aaws", .function(segment: "arn%3Aaws")),
        ("/2015-03-31/functions/echo/configuration", .configuration(segment: "echo")),
    ])
    func pathsOfTheOperations(path: Substring, route: FunctionsRoute) {
        #expect(FunctionsRoute(path: path) == route)
    }

    @Test(arguments: [
        "/2015-03-31/functionsecho", "/2015-03-31/functions/echo/", "/2015-03-31/functions//configuration",
        "/2015-03-31/functions/echo/invocations", "/2015-03-31/functions/echo/configuration/x", "/", "/health",
        "/2015-03-31/event-source-mappings/",
    ])
    func otherPaths(path: Substring) {
        #expect(FunctionsRoute(path: path) == nil)
    }
}
