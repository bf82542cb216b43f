package import LambdaProtocol
package import NIOCore

/// Something that subscribers are told, before it is written in anybody's form.
package struct TelemetryEvent: Sendable, Equatable {
    package enum Content: Sendable, Equatable {
        case platform(PlatformEvent)
        /// A line that the runtime printed, without its line feed.
        case function(ByteBuffer)
        /// A line that an extension printed, without its line feed.
        case `extension`(ByteBuffer)
    }

    package var time: EpochClock.Instant
    package var content: Content

    package init(time: EpochClock.Instant, content: Content) {
        self.time = time
        self.content = content
    }

    /// What has to be subscribed to for it.
    package var type: TelemetryType {
        switch self.content {
        case .platform: .platform
        case .function: .function
        case .extension: .extension
        }
    }

    /// About how much memory it takes, in bytes.
    var byteCount: Int {
        switch self.content {
        case .platform: 256
        case .function(let line), .extension(let line): 64 + line.readableBytes
        }
    }
}
