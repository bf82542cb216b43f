import LambdaMessages
import LambdaEnvironment
import LambdaFunction
import LambdaProgram
import LambdaProtocol
import NIOCore

/// What the daemon announces of itself: who it is, made once, and how its function stands.
struct DaemonPresence {
    private let constant: FunctionAnnouncement

    init(_ function: FunctionConfiguration) {
        let description = function.environment.function
        self.constant = FunctionAnnouncement(
            instance: RequestID.make(), name: description.name, qualifier: function.qualifier,
            version: description.version,
            arn: FunctionARN(region: description.region, accountID: function.accountID, name: description.name).text(),
            timeoutSeconds: Int(function.environment.invocationTimeout.nanoseconds / 1_000_000_000),
            memoryMegabytes: description.memorySizeInMegabytes,
            slots: 0, freeSlots: 0,
            architecture: Self.architecture, startedMilliseconds: EpochClock.now().millisecondsSinceEpoch,
            daemonVersion: ProgramVersion.text)
    }

    func announcement(_ status: FunctionStatus) -> FunctionAnnouncement {
        var announcement = self.constant
        announcement.slots = status.slots
        announcement.freeSlots = min(status.freeSlots, status.slots)
        return announcement
    }

    private static var architecture: String {
        #if arch(arm64)
            "arm64"
        #else
            "x86_64"
        #endif
    }
}
