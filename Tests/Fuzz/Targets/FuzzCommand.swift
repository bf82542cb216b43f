import Glibc

/// The program of `Tests/Fuzz/run`: one target at a time under libFuzzer, which finds its way by coverage.
///
///     fuzz list                  the targets' names
///     fuzz seeds TARGET FOLDER   writes the inputs to begin with
///     fuzz TARGET ARGUMENT…      libFuzzer with its own arguments: folders of inputs, options, or one input to repeat
@main
enum FuzzCommand {
    static func main() {
        let arguments = CommandLine.arguments
        switch arguments.dropFirst().first {
        case "list": for target in FuzzTargets.all { print(target.name) }
        case "seeds" where arguments.count == 4: self.writeSeeds(of: arguments[2], into: arguments[3])
        case let name?: self.fuzz(name, [arguments[0]] + arguments.dropFirst(2))
        case nil: self.fail("usage: fuzz list | fuzz seeds TARGET FOLDER | fuzz TARGET ARGUMENT…")
        }
    }

    private static func fuzz(_ name: String, _ arguments: [String]) {
        LibFuzzer.target = self.target(name)
        exit(LibFuzzer.run(arguments))
    }

    private static func writeSeeds(of name: String, into folder: String) {
        for (index, seed) in self.target(name).seeds.enumerated() {
            let path = "\(folder)/seed-\(index)"
            guard let file = fopen(path, "w"), fwrite(seed, 1, seed.count, file) == seed.count, fclose(file) == 0 else {
                self.fail("cannot write \(path)")
            }
        }
    }

    private static func target(_ name: String) -> any FuzzTarget.Type {
        guard let target = FuzzTargets.all.first(where: { $0.name == name }) else {
            self.fail("there is no target \(name); see fuzz list")
        }
        return target
    }

    private static func fail(_ message: String) -> Never {
        _ = "\(message)\n".withCString { write(STDERR_FILENO, $0, strlen($0)) }
        exit(64)
    }
}
