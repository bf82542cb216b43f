import LambdaProtocol
import Testing

@testable import LambdaInvokeAPI

@Suite struct FunctionURLTableTests {
    /// `DOMAIN PREFIX FUNCTION`, `-` for no domain, and `!` before the prefix where it is stripped.
    private func table(_ rows: String...) throws -> FunctionURLTable {
        var table = FunctionURLTable()
        for row in rows {
            let words = row.split(separator: " ").map(String.init)
            let entry = FunctionURLEntry(
                domain: words[0] == "-" ? nil : DomainPattern(words[0]),
                pathPrefix: try #require(PathPrefix(words[1].replacing("!", with: ""))),
                stripsPrefix: words[1].hasPrefix("!"), target: .function(FunctionName(name: words[2])), url: FunctionURL())
            #expect(table.add(entry) == true)
        }
        return table
    }

    private func show(_ match: FunctionURLTable.Match?) -> String {
        match.map { "\($0.function.map { $0.name + ($0.qualifier.map { ":" + $0 } ?? "") } ?? "?") \($0.path)" } ?? "none"
    }

    @Test func theLongestPrefixWinsOnTheBordersOfSegments() throws {
        let table = try self.table("- / root", "- /api api", "- /api/v2 v2", "- !/files files")
        for (path, match) in [
            ("/", "root /"), ("/x", "root /x"), ("/api", "api /api"), ("/api/", "api /api/"), ("/apix", "root /apix"),
            ("/api/v2", "v2 /api/v2"), ("/api/v2/a/b", "v2 /api/v2/a/b"), ("/api/v22", "api /api/v22"),
            ("/files", "files /"), ("/files/", "files /"), ("/files/a%2Fb//c", "files /a%2Fb//c"), ("//api", "root //api"),
            ("*", "none"), ("", "none"), ("/API", "root /API"), ("/%61pi", "root /%61pi"),
        ] {
            #expect(self.show(table.match(path: path[...])) == match, "\(path)")
        }
        #expect(table.match(host: "a.example", path: "/") == nil)
    }

    @Test func withoutAnEntryForEverythingThereMayBeNone() throws {
        let table = try self.table("- /api api")
        #expect(self.show(table.match(path: "/")) == "none")
        #expect(self.show(table.match(path: "/apis")) == "none")
        #expect(self.show(table.match(path: "/api/x")) == "api /api/x")
    }

    @Test func aPathOfManySegmentsIsLookedAtAsFarAsPrefixesGo() throws {
        let table = try self.table("- /a/b ab")
        let path = String(repeating: "/a", count: 30_000)
        #expect(self.show(table.match(path: path[...])) == "none")
    }

    @Test func aNameComesBeforeTheLongestWildcardThatFits() throws {
        let table = try self.table(
            "a.example.org / name", "*.example.org / wild", "*.b.example.org /api deep", "a.example.org /x namex")
        for (host, path, match) in [
            ("a.example.org", "/", "name /"), ("A.Example.ORG:8080", "/x/y", "namex /x/y"), ("a.example.org.", "/", "name /"),
            ("c.example.org", "/", "wild /"), ("x.b.example.org", "/api", "deep /api"),
            ("x.b.example.org", "/other", "wild /other"), ("example.org", "/", "none"), ("aexample.org", "/", "none"),
            ("[::1]:80", "/", "none"), ("", "/", "none"), (":80", "/", "none"),
        ] {
            #expect(self.show(table.match(host: host, path: path[...])) == match, "\(host) \(path)")
        }
        #expect(table.match(host: nil, path: "/") == nil)
        #expect(self.show(table.match(path: "/")) == "none")
    }

    @Test func theSameDomainAndPrefixTwiceIsRefused() throws {
        var table = try self.table("a.example /api one")
        let again = FunctionURLEntry(
            domain: DomainPattern("A.example"), pathPrefix: try #require(PathPrefix("/api")), stripsPrefix: true,
            target: .nextSegment, url: FunctionURL())
        #expect(table.add(again) == false)
    }

    @Test func aPrefixMayServeEveryFunctionByItsName() throws {
        var table = try self.table("- /url/special special")
        let entry = FunctionURLEntry.functions(below: try #require(PathPrefix("/url")), FunctionURL())
        #expect(table.add(entry) == true)
        for (path, match) in [
            ("/url/shop/a/b", "shop /a/b"), ("/url/shop", "shop /"), ("/url/shop:prod/x", "shop:prod /x"),
            ("/url/shop%3Aprod/x", "shop:prod /x"), ("/url/special/x", "special /url/special/x"), ("/url", "none"),
            ("/url/", "none"), ("/url//x", "none"), ("/url/sh%20op/x", "? /x"), ("/urls/shop", "none"),
        ] {
            #expect(self.show(table.match(path: path[...])) == match, "\(path)")
        }
    }

    @Test func aDomainMayServeEveryFunctionByItsName() throws {
        var table = FunctionURLTable()
        let entry = try #require(FunctionURLEntry.functions(ofDomain: "lambda.localhost", FunctionURL()))
        #expect(table.add(entry) == true)
        for (host, match) in [
            ("shop.lambda.localhost:8080", "shop /p"), ("SHOP.lambda.localhost", "shop /p"), ("lambda.localhost", "none"),
            ("a.shop.lambda.localhost", "none"),
        ] {
            #expect(self.show(table.match(host: host, path: "/p")) == match, "\(host)")
        }
    }

    @Test func itKnowsWhetherEveryFunctionIsOpen() throws {
        let prefix = try #require(PathPrefix("/url"))
        var table = try self.table("- / root")
        #expect(!table.opensEveryFunction)
        _ = table.add(.functions(below: prefix, FunctionURL(authType: .iam)))
        #expect(!table.opensEveryFunction)
        _ = table.add(try #require(.functions(ofDomain: "a.example", FunctionURL())))
        #expect(table.opensEveryFunction)
    }

    @Test(arguments: ["", "/a/", "a", "//", "/a//b", "/a b", "/a?b", "/ä", "/a#b"])
    func whatIsNoPathIsNoPrefix(text: String) {
        #expect(PathPrefix(text) == nil)
    }

    @Test(arguments: ["", "*", "*.", "a..b", ".a", "a.", "a b", "a:80", "http://a", "**.a", "a.*.b", "ä.de"])
    func whatIsNoHostNameIsNoDomain(text: String) {
        #expect(DomainPattern(text) == nil)
    }
}
