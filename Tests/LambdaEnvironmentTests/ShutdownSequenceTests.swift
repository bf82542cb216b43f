@testable import LambdaEnvironment
import NIOCore
import Testing

@Suite struct ShutdownSequenceTests {
    @Test(arguments: [true, false]) func withoutExtensionsEverythingIsKilledAtOnce(_ runtimeIsAlive: Bool) {
        var (sequence, step) = ShutdownSequence.begin(.spindown, presence: .none, runtimeIsAlive: runtimeIsAlive)
        #expect(step == .kill)
        #expect(sequence.runtimeEnded() == .nothing)
        #expect(sequence.windowElapsed() == .nothing)
    }

    @Test func theRuntimeEndsBeforeTheExtensionsAreTold() {
        var (sequence, step) = ShutdownSequence.begin(.timeout, presence: .external, runtimeIsAlive: true)
        #expect(step == .terminateRuntime(.external))
        #expect(sequence.runtimeEnded() == .shutDownExtensions(.timeout, nil))
        #expect(sequence.runtimeShareElapsed() == .nothing)
        #expect(sequence.windowElapsed() == .kill)
        #expect(sequence.windowElapsed() == .nothing)
    }

    @Test func aRuntimeThatStaysLosesItsShareOnly() {
        var (sequence, _) = ShutdownSequence.begin(.failure, presence: .external, runtimeIsAlive: true)
        #expect(sequence.runtimeShareElapsed() == .shutDownExtensions(.failure, nil))
        #expect(sequence.runtimeEnded() == .nothing)
    }

    @Test func whereTheRuntimeIsGoneTheExtensionsHaveAllTheTime() {
        let (_, step) = ShutdownSequence.begin(.failure, presence: .external, runtimeIsAlive: false)
        #expect(step == .shutDownExtensions(.failure, .external))
    }

    @Test func internalExtensionsEndWithTheRuntime() {
        var (sequence, step) = ShutdownSequence.begin(.spindown, presence: .internalOnly, runtimeIsAlive: true)
        #expect(step == .terminateRuntime(.internalOnly))
        #expect(sequence.runtimeShareElapsed() == .kill)
        #expect(ShutdownSequence.begin(.failure, presence: .internalOnly, runtimeIsAlive: false).step == .kill)
    }

    @Test func theTimesAreThoseOfTheContract() {
        #expect(ShutdownWindow.external == .init(runtimeShare: .milliseconds(600), total: .milliseconds(2000)))
        #expect(ShutdownWindow.internalOnly == .init(runtimeShare: .milliseconds(500), total: .milliseconds(500)))
    }
}
