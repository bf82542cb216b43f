import Glibc
import LambdaGateway
import LambdaProgram
import LambdaSignature
import Logging

/// Reads files again when they have changed, and gives what is in them to the gateway. What cannot be used is told, and
/// what was in force stays so.
///
/// Lives on the main thread, which has nothing else to do than to wait for signals.
struct Reloader {
    private let files: ReloadedFiles
    private let gateway: Gateway
    private let logger: Logger
    private var keyChanges: FileChanges<FileStamp>
    private var certificateChanges: FileChanges<FileStamp>

    /// - Parameter files: The ones that the gateway was made of.
    init(files: ReloadedFiles, gateway: Gateway, logger: Logger) {
        self.files = files
        self.gateway = gateway
        self.logger = logger
        self.keyChanges = files.keyChanges
        self.certificateChanges = files.certificateChanges
    }

    /// Looks at the files each second, until the program is told to stop.
    mutating func run(until signals: StopSignals) {
        guard !self.files.isEmpty else {
            _ = signals.wait()
            return
        }
        while true {
            switch signals.wait(seconds: 1) {
            case nil: self.look()
            case SIGHUP?: self.reloadEverything()
            case _?: return
            }
        }
    }

    private mutating func look() {
        if self.keyChanges.looked(at: self.files.keyStamps) { self.reloadKeys() }
        if self.certificateChanges.looked(at: self.files.certificateStamps) { self.reloadCertificate() }
    }

    private mutating func reloadEverything() {
        self.keyChanges = FileChanges(self.files.keyStamps)
        self.certificateChanges = FileChanges(self.files.certificateStamps)
        self.reloadKeys()
        self.reloadCertificate()
    }

    private func reloadKeys() {
        do throws(SettingError) {
            guard let keys = try self.files.accessKeys() else { return }
            self.gateway.replace(keys: keys)
            self.logger.info("The keys of callers were read again", metadata: ["keys": "\(keys.count)"])
        } catch {
            self.logger.error("The keys of callers stay as they were", metadata: ["error": "\(error)"])
        }
    }

    private func reloadCertificate() {
        do throws(SettingError) {
            guard let context = try self.files.tlsContext() else { return }
            self.gateway.replace(tlsContext: context)
            self.logger.info("The certificate was read again")
        } catch {
            self.logger.error("The certificate stays as it was", metadata: ["error": "\(error)"])
        }
    }
}
