import LambdaProgram
import LambdaSignature
import NIOCore
import NIOSSL

/// The files that are read again when they change: keys of callers, and the listener's certificate with its key.
struct ReloadedFiles {
    static let keysSetting = "SIGV4_KEYS_FILE"
    static let certificateSetting = "TLS_CERTIFICATE_FILE"
    static let keySetting = "TLS_KEY_FILE"

    let accessKeysFile: String?
    let certificateFile: String?
    let keyFile: String?
    /// From before the files were read for the first time.
    let keyChanges: FileChanges<FileStamp>
    let certificateChanges: FileChanges<FileStamp>

    init(_ settings: Settings) throws(SettingError) {
        self.accessKeysFile = settings.text(Self.keysSetting)
        self.certificateFile = settings.text(Self.certificateSetting)
        self.keyFile = settings.text(Self.keySetting)
        if self.certificateFile == nil, self.keyFile != nil {
            throw SettingError(Self.certificateSetting, "not set, though \(Self.keySetting) is; TLS takes both")
        }
        if self.certificateFile != nil, self.keyFile == nil {
            throw SettingError(Self.keySetting, "not set, though \(Self.certificateSetting) is; TLS takes both")
        }
        self.keyChanges = FileChanges(Self.stamps([self.accessKeysFile]))
        self.certificateChanges = FileChanges(Self.stamps([self.certificateFile, self.keyFile]))
    }

    var isEmpty: Bool { self.accessKeysFile == nil && self.certificateFile == nil }

    var keyStamps: [FileStamp?] { Self.stamps([self.accessKeysFile]) }
    var certificateStamps: [FileStamp?] { Self.stamps([self.certificateFile, self.keyFile]) }

    private static func stamps(_ paths: [String?]) -> [FileStamp?] {
        paths.map { $0.flatMap { FileStamp(ofFile: $0) } }
    }

    /// The keys of callers. Blocks.
    ///
    /// - Returns: `nil` where no file is named.
    func accessKeys() throws(SettingError) -> AccessKeys? {
        guard let path = self.accessKeysFile else { return nil }
        let content = try SmallFile.read(path, for: Self.keysSetting, limit: 16 * 1024 * 1024)
        do throws(AccessKeysError) {
            return try AccessKeys.parse(ByteBuffer(bytes: content))
        } catch {
            throw SettingError(Self.keysSetting, "\(path): \(error)")
        }
    }

    /// What the listener's connections show and prove. Blocks.
    ///
    /// - Returns: `nil` where no file is named.
    func tlsContext() throws(SettingError) -> NIOSSLContext? {
        guard let certificateFile, let keyFile else { return nil }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try Self.certificates(in: certificateFile).map { .certificate($0) },
            privateKey: .privateKey(try Self.privateKey(in: keyFile)))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw SettingError(
                Self.keySetting, "\(keyFile) is not the key of the certificate in \(certificateFile)")
        }
    }

    private static func certificates(in path: String) throws(SettingError) -> [NIOSSLCertificate] {
        let content = try SmallFile.read(path, for: Self.certificateSetting, limit: 1024 * 1024)
        guard let certificates = try? NIOSSLCertificate.fromPEMBytes(content), !certificates.isEmpty else {
            throw SettingError(Self.certificateSetting, "the file \(path) holds no PEM certificate")
        }
        return certificates
    }

    private static func privateKey(in path: String) throws(SettingError) -> NIOSSLPrivateKey {
        let content = try SmallFile.read(path, for: Self.keySetting, limit: 1024 * 1024)
        // Without a pass phrase of its own the library would ask for one on the terminal.
        guard let key = try? NIOSSLPrivateKey(bytes: content, format: .pem, passphraseCallback: { $0([UInt8]()) }) else {
            throw SettingError(Self.keySetting, "the file \(path) holds no PEM private key without a pass phrase")
        }
        return key
    }
}
