import TestSupport
import Testing

@testable import AMQP

@Suite struct SystemTrustRootsTests {
    @Test func firstBundleThatHoldsSomethingIsTaken() throws {
        let files = try TemporaryFiles()
        let empty = try files.write("", to: "empty.pem")
        let bundle = try files.write(TestCertificates.authority, to: "bundle.pem")
        #expect(SystemTrustRoots.find(bundles: ["/none", empty, bundle], directories: []) == .file(bundle))
    }

    @Test func directoryNeedsHashedNames() throws {
        let files = try TemporaryFiles()
        #expect(SystemTrustRoots.find(bundles: [], directories: [files.directory]) == nil)
        _ = try files.write("", to: "README")
        #expect(SystemTrustRoots.find(bundles: [], directories: [files.directory]) == nil)
        _ = try files.write(TestCertificates.authority, to: "5ed36f99.0")
        #expect(SystemTrustRoots.find(bundles: [], directories: [files.directory]) == .directory(files.directory))
    }

    @Test func imageWithoutAuthoritiesHasNone() {
        #expect(SystemTrustRoots.find(bundles: ["/none"], directories: ["/none"]) == nil)
    }
}
