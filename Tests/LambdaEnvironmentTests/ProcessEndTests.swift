import Glibc
import Testing

@testable import LambdaEnvironment

@Suite struct ProcessEndTests {
    @Test(arguments: [
        ("7 (python3) S 1 7 7 0 -1 4194560 5172 0", false),
        // PF_EXITING, and nothing else has changed yet.
        ("7 (python3) R 1 7 7 0 -1 4194564 5172 0", true),
        ("7 (python3) Z 1 7 7 0 -1 4227084 5172 0", true),
        ("7 (a) Z 4 (b)) S 1 7 7 0 -1 4194560 5172 0", false),
        ("nonsense", true),
    ])
    func theKernelsFlagsTell(stat: String, isUnderWay: Bool) {
        #expect(ProcessEnd.isUnderWay(stat: stat) == isUnderWay)
    }

    @Test func thisProcessIsNotAboutToEndAndOneThatIsNotThereHasEnded() {
        #expect(!ProcessEnd.isUnderWay(getpid()))
        #expect(ProcessEnd.isUnderWay(.max))
    }
}
