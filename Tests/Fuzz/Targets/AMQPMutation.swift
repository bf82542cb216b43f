import TestSupport

/// Changes frames within their heads and end marks, so that what is changed gets as far as the decoder.
enum AMQPMutation {
    /// - Parameter headByteCount: What stands before the frames, and is left alone.
    static func mutate(_ input: [UInt8], headByteCount: Int, limit: Int, _ random: inout FuzzRandom) -> [UInt8]? {
        var rest = Array(input.dropFirst(headByteCount))
        var frames: [FakeFrame] = []
        while let frame = FakeFrame.take(from: &rest) { frames.append(frame) }
        let seeds = AMQPSeeds.frames
        let index = random.below(frames.count)
        switch random.below(8) {
        case 0: frames.insert(seeds[random.below(seeds.count)], at: random.below(frames.count + 1))
        case 1 where !frames.isEmpty: frames.remove(at: index)
        case 2 where !frames.isEmpty: frames.insert(frames[index], at: random.below(frames.count + 1))
        case 3 where !frames.isEmpty: frames.swapAt(index, random.below(frames.count))
        case 4 where !frames.isEmpty: frames[index].channel = UInt16(random.below(3))
        case _ where !frames.isEmpty:
            let payload = frames[index].payload
            frames[index].payload = LibFuzzer.mutate(payload, limit: min(payload.count + 64, 4096))
        default: return nil
        }
        let changed = Array(input.prefix(headByteCount)) + frames.flatMap(\.bytes) + rest
        return changed.count <= limit ? changed : nil
    }
}
