/// Changes requests line by line, so that what is changed gets past the request line.
enum HTTPMutation {
    /// - Parameter headByteCount: What stands before the requests, and is left alone.
    static func mutate(_ input: [UInt8], headByteCount: Int, limit: Int, _ random: inout FuzzRandom) -> [UInt8]? {
        guard input.count > headByteCount else { return nil }
        var lines = input[headByteCount...].split(separator: 10, omittingEmptySubsequences: false).map { Array($0) }
        let index = random.below(lines.count)
        switch random.below(7) {
        case 0: lines.insert(self.line(&random), at: index)
        case 1: lines.remove(at: index)
        case 2: lines.insert(lines[index], at: random.below(lines.count))
        case 3: lines.swapAt(index, random.below(lines.count))
        case 4: lines.insert(contentsOf: self.request(&random), at: index)
        default: lines[index] = LibFuzzer.mutate(lines[index], limit: lines[index].count + 32)
        }
        let changed = Array(input.prefix(headByteCount)) + lines.joined(separator: [10])
        return changed.count <= limit ? changed : nil
    }

    private static func line(_ random: inout FuzzRandom) -> [UInt8] {
        Array("\(HTTPSeeds.fields[random.below(HTTPSeeds.fields.count)])\r".utf8)
    }

    private static func request(_ random: inout FuzzRandom) -> [[UInt8]] {
        let all = HTTPSeeds.invoke + HTTPSeeds.runtime
        return all[random.below(all.count)].utf8.split(separator: 10, omittingEmptySubsequences: false).map { Array($0) }
    }
}
