import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import LambdaHTTP

@Suite struct HTTPRequestParserTests {
    @Test func aRequestIsCutIntoItsParts() {
        let parts = RequestTrace.ours(["POST /a?b HTTP/1.1\r\nX-One: 1 \r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.0\r\n\r\n"])
        #expect(
            parts == [
                "POST /a?b 1.1 X-One=1 Content-Length=5", "body hello", "end", "GET / 1.0", "end",
            ])
    }

    @Test func chunksLoseTheirFraming() {
        let request = "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nT: v\r\n\r\n"
        let parts = ["PUT / 1.1 Transfer-Encoding=chunked", "body abc0123456789", "end T=v"]
        #expect(RequestTrace.ours([request]) == parts)
        #expect(RequestTrace.ours(request.map(String.init)) == parts)
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\nA: b\n\n", 400), ("GET / HTTP/1.1\r\nA : b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n A: b\r\n\r\n", 400), ("GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nA: b\u{0}\r\n\r\n", 400), ("GET  / HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/1.1 \r\n\r\n", 400),
        ("G T / HTTP/1.1\r\n\r\n", 400), ("GET /#a HTTP/1.1\r\n\r\n", 400), ("GET / HTTp/1.1\r\n\r\n", 400), ("GET a HTTP/1.1\r\n\r\n", 400), ("GET http:/h HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/2.0\r\n\r\n", 505), ("GET / http/1.1\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\n", 400), ("POST / HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nContent-Length: 1234567890123456\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
        ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        ("\u{16}\u{3}\u{1}", 400), ("\r\n\r\nGET", 0), ("GET / HTTP/1.1\r\n" + String(repeating: "a: b\r\n", count: 300), 0),
    ] as [(String, Int)])
    func whatTwoServersCouldReadDifferentlyIsRefused(_ request: String, _ status: Int) {
        let parts = RequestTrace.ours([request])
        #expect(parts == (status == 0 ? [] : ["failed \(status)"]))
    }

    @Test(arguments: ["x\r\n", "\r\n", "-1\r\n", "1\n", "1 1\r\n", "1234567890123\r\n", "2\r\nabc\r\n", "1;\u{1}\r\n", "1;\r\n"])
    func brokenChunksEndTheRequest(_ chunk: String) {
        let parts = RequestTrace.ours(["POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk])
        #expect(parts.last == "failed 400")
    }

    @Test func noByteOfALongLineIsLookedAtTwice() {
        let text = Array("GET / HTTP/1.1\r\nA: ".utf8) + Array(repeating: UInt8(ascii: "x"), count: 1000)
        var scanned = 0
        text.withUnsafeBytes { bytes in
            for count in [5, 500, text.count] {
                let come = UnsafeRawBufferPointer(rebasing: bytes[..<count])
                #expect(HTTPHeadParser.end(in: come, scanned: &scanned) == nil)
                #expect(scanned == count)
            }
        }
        (text + Array("\r\n\r\nGET".utf8)).withUnsafeBytes { bytes in
            #expect(HTTPHeadParser.end(in: bytes, scanned: &scanned) == text.count + 4)
        }
    }

    @Test func emptyLinesBeforeARequestAreSkippedWhereverTheyAreCut() {
        let request = "\r\n\r\nGET / HTTP/1.1\r\n\r\n"
        #expect(RequestTrace.ours(request.unicodeScalars.map { String($0) }) == ["GET / 1.1", "end"])
        #expect(RequestTrace.ours(["\r", "\n\r", "\nGET / HTTP/1.1\r\n\r", "\n"]) == ["GET / 1.1", "end"])
    }

    @Test func headsAndTrailersAreBounded() {
        let field = "a: " + String(repeating: "x", count: 100) + "\r\n"
        let long = String(repeating: field, count: 20)
        #expect(RequestTrace.ours(["GET / HTTP/1.1\r\n" + long], maxHead: 1000) == ["failed 431"])
        #expect(RequestTrace.ours(["GET / HTTP/1.1\r\n" + long + "\r\n"], maxFields: 19) == ["failed 431"])
        let chunked = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
        #expect(RequestTrace.ours([chunked + long], maxHead: 1000).last == "failed 431")
        #expect(RequestTrace.ours([chunked + String(repeating: "0", count: 2000)], maxHead: 1000).last == "failed 431")
    }

    /// What this parser takes, NIO's takes too, with the same meaning: so nothing that stands in front of us, or is
    /// written with NIO in mind, sees another request than we do. Three things differ on purpose: a method that NIO does
    /// not know is the handler's to refuse; white space behind a value does not belong to it (RFC 9112, section 5.1); and
    /// what follows `Connection: close` is dropped by the connection, not by the parser.
    @Test func whatIsAcceptedMeansTheSameToNIO() {
        var generator = RequestGenerator(seed: 7)
        var accepted = 0
        for _ in 0..<20_000 {
            let request = generator.request()
            let ours = RequestTrace.ours(generator.split(request))
            guard let end = ours.lastIndex(where: { $0.hasPrefix("end") }) else { continue }
            accepted += 1
            let whole = ours[...end]
            var nio = RequestTrace.nio(request)
            let failure = nio.first.flatMap { $0.hasPrefix("failed") ? nio.removeFirst() : nil }
            switch failure {
            case "failed invalid HTTP method"?: continue
            case "failed data received after completed connection: close message"?:
                #expect(whole.starts(with: nio) && nio.last?.hasPrefix("end") == true, "\(request.debugDescription)")
            default:
                #expect(nio.starts(with: whole), "\(request.debugDescription)")
            }
        }
        // Both kinds have to occur, or the test says nothing.
        #expect((2_000...19_000).contains(accepted))
    }
}
