import Glibc

/// libFuzzer, which is linked in, and what it calls back.
enum LibFuzzer {
    /// What is fuzzed. Set once, before ``run(_:)``.
    nonisolated(unsafe) static var target: any FuzzTarget.Type = AMQPFrameTarget.self

    /// Runs libFuzzer's own program until it ends.
    static func run(_ arguments: [String]) -> Int32 {
        var count = Int32(arguments.count)
        // Not freed: libFuzzer keeps them to the end.
        let list = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: arguments.count + 1)
        for (index, argument) in arguments.enumerated() { (list + index).initialize(to: strdup(argument)) }
        (list + arguments.count).initialize(to: nil)
        var pointer: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = list
        return fuzzerRunDriver(&count, &pointer) { data, count in
            LibFuzzer.target.run(FuzzInput(UnsafeBufferPointer(start: data, count: count)))
            return 0
        }
    }

    /// Changes some bytes in libFuzzer's own ways.
    static func mutate(_ bytes: some Collection<UInt8>, limit: Int) -> [UInt8] {
        guard limit > 0 else { return [] }
        var memory = Array(bytes.prefix(limit))
        let count = memory.count
        memory += [UInt8](repeating: 0, count: limit - count)
        let changed = memory.withUnsafeMutableBufferPointer { fuzzerMutate($0.baseAddress, count, limit) }
        return Array(memory.prefix(changed))
    }
}

@_silgen_name("LLVMFuzzerRunDriver")
private func fuzzerRunDriver(
    _ count: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ run: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

@_silgen_name("LLVMFuzzerMutate")
private func fuzzerMutate(_ data: UnsafeMutablePointer<UInt8>?, _ count: Int, _ limit: Int) -> Int

/// libFuzzer finds this by its name.
@_cdecl("LLVMFuzzerCustomMutator")
public func fuzzerCustomMutator(
    _ data: UnsafeMutablePointer<UInt8>, _ count: Int, _ limit: Int, _ seed: UInt32
) -> Int {
    var random = FuzzRandom(seed: UInt64(seed))
    guard random.below(3) > 0,
        let changed = LibFuzzer.target.mutate(
            Array(UnsafeBufferPointer(start: data, count: count)), limit: limit, &random)
    else { return fuzzerMutate(data, count, limit) }
    let kept = min(changed.count, limit)
    changed.withUnsafeBufferPointer { bytes in
        if let source = bytes.baseAddress { data.update(from: source, count: kept) }
    }
    return kept
}
