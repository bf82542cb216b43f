package import NIOSSL

extension AMQPTLSSettings {
    /// Reads the files and makes the context that every connection of these settings shares.
    ///
    /// Blocks; call it once.
    ///
    /// - Throws: ``AMQPError/Code/invalidConfiguration``, naming the setting that is wrong.
    package func makeContext() throws(AMQPError) -> NIOSSLContext {
        try self.validate()
        let configuration = try self.makeTLSConfiguration()
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            // Authorities, certificate and key were read above; what is left is that they do not fit together.
            let message =
                self.certfile == nil
                ? "the TLS settings cannot be used: \(error)"
                : "keyfile: not the key of the certificate in certfile"
            throw AMQPError(.invalidConfiguration, message, underlying: error)
        }
    }

    /// The name for the handshake with an endpoint; nil where its host is an IP address, which SNI does not carry.
    package func serverHostname(for endpoint: AMQPEndpoint) -> String? {
        if let serverName { return serverName }
        return IPAddressText.isAddress(endpoint.host) ? nil : endpoint.host
    }

    private func makeTLSConfiguration() throws(AMQPError) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        switch self.verify {
        case .peer:
            configuration.certificateVerification = .fullVerification
            configuration.trustRoots = try self.trustRoots()
        case .none:
            configuration.certificateVerification = .none
        }
        if let certfile {
            configuration.certificateChain = try Self.certificates(in: certfile, setting: "certfile")
                .map { .certificate($0) }
            configuration.privateKey = .privateKey(try self.privateKey(besides: certfile))
        }
        return configuration
    }

    private func trustRoots() throws(AMQPError) -> NIOSSLTrustRoots {
        if let cacertfile {
            return .certificates(try Self.certificates(in: cacertfile, setting: "cacertfile"))
        }
        guard let roots = SystemTrustRoots.find() else {
            // NIOSSL would go on without any authority, and every handshake would fail for a reason that nobody sees.
            throw AMQPError(
                .invalidConfiguration,
                "cacertfile: not set, and this system has no certificate authorities of its own (ca-certificates)")
        }
        switch roots {
        case .file(let path): return .file(path)
        case .directory: return .default
        }
    }

    private func privateKey(besides certfile: String) throws(AMQPError) -> NIOSSLPrivateKey {
        let setting = self.keyfile == nil ? "certfile (keyfile is not set)" : "keyfile"
        let path = self.keyfile ?? certfile
        try ReadableFile.require(path, setting: setting)
        do {
            return try NIOSSLPrivateKey(file: path, format: .pem)
        } catch {
            throw AMQPError(
                .invalidConfiguration, "\(setting): \(path) holds no PEM private key without a pass phrase",
                underlying: error)
        }
    }

    private static func certificates(in path: String, setting: String) throws(AMQPError) -> [NIOSSLCertificate] {
        try ReadableFile.require(path, setting: setting)
        do {
            let certificates = try NIOSSLCertificate.fromPEMFile(path)
            guard !certificates.isEmpty else { throw NIOSSLError.failedToLoadCertificate }
            return certificates
        } catch {
            throw AMQPError(
                .invalidConfiguration, "\(setting): \(path) holds no PEM certificate", underlying: error)
        }
    }
}
