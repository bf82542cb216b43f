import LambdaProgram
import Testing

@Suite struct FileChangesTests {
    @Test func filesThatStayAsTheyAreAreNotReadAgain() {
        var changes = FileChanges([1, 2])
        #expect(changes.looked(at: [1, 2]) == false)
        #expect(changes.looked(at: [1, 2]) == false)
    }

    @Test func aChangeIsReadOnceItHasSettled() {
        var changes = FileChanges([1, 2])
        #expect(changes.looked(at: [3, 2]) == false)
        // The second file follows: another look.
        #expect(changes.looked(at: [3, 4]) == false)
        #expect(changes.looked(at: [3, 4]) == true)
        #expect(changes.looked(at: [3, 4]) == false)
    }

    @Test func aFileThatIsGoneForAMomentIsLeftAlone() {
        var changes = FileChanges([1])
        #expect(changes.looked(at: [nil]) == false)
        #expect(changes.looked(at: [1]) == false)
        #expect(changes.looked(at: [1]) == false)
    }

    @Test func aFileThatIsGoneForGoodIsReadToSayWhatIsWrong() {
        var changes = FileChanges([1])
        #expect(changes.looked(at: [nil]) == false)
        #expect(changes.looked(at: [nil]) == true)
        #expect(changes.looked(at: [nil]) == false)
        #expect(changes.looked(at: [1]) == false)
        #expect(changes.looked(at: [1]) == true)
    }
}
