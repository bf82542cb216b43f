import LambdaFunction
import LambdaProgram

/// How events are kept, tried again and recorded, as the settings say.
struct EventSettings {
    var queueType: EventConfiguration.QueueType
    var policy: EventPolicy
    var onSuccess: EventDestination?
    var onFailure: EventDestination?

    /// Reads the settings; `nil` where events are not to be kept.
    ///
    /// - Throws: What is wrong, with the setting's name.
    init?(_ settings: Settings) throws(SettingError) {
        let waits = try Self.waits(settings)
        self.policy = EventPolicy(
            maxRetries: try settings.integer("EVENT_RETRIES", default: 2, in: 0...2),
            waitsMilliseconds: waits,
            maxAgeMilliseconds: 1000 * Int64(try settings.integer("EVENT_MAX_AGE", default: 21_600, in: 1...604_800)))
        self.onSuccess = try Self.destination(settings, "EVENT_ON_SUCCESS")
        self.onFailure = try Self.destination(settings, "EVENT_ON_FAILURE")
        let type = settings.text("EVENT_QUEUE_TYPE") ?? EventConfiguration.QueueType.quorum.rawValue
        if type == "none" { return nil }
        guard let queueType = EventConfiguration.QueueType(rawValue: type) else {
            throw SettingError("EVENT_QUEUE_TYPE", "'\(type)' is not quorum, classic or none")
        }
        self.queueType = queueType
    }

    /// Seconds, with up to three decimals, as milliseconds.
    private static func waits(_ settings: Settings) throws(SettingError) -> [Int64] {
        let name = "EVENT_RETRY_WAITS"
        let text = settings.text(name) ?? "60,120"
        var waits: [Int64] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let seconds = Double(part), (0.001...86_400).contains(seconds), waits.count < 2 else {
                throw SettingError(name, "'\(text)' is not one or two numbers of seconds from 0.001 to 86400")
            }
            waits.append(Int64((seconds * 1000).rounded()))
        }
        return waits
    }

    private static func destination(_ settings: Settings, _ name: String) throws(SettingError) -> EventDestination? {
        guard let text = settings.text(name) else { return nil }
        guard let destination = EventDestination(text: text) else {
            throw SettingError(name, "'\(text)' is neither QUEUE nor EXCHANGE/ROUTING-KEY")
        }
        return destination
    }
}
