import Testing

@testable import LambdaHTTP

/// Windows of ten ticks, in which a hundred bytes must be taken.
@Suite struct WriteProgressTests {
    private func isStalled(_ progress: inout WriteProgress, pending: Int, at tick: UInt64) -> Bool {
        progress.isStalled(pendingByteCount: pending, at: tick, deadline: tick + 10, leastByteCount: 100)
    }

    @Test func whoTakesEverythingIsNeverStalled() {
        var progress = WriteProgress()
        #expect(!progress.mayBePending)
        for tick in stride(from: UInt64(0), to: 100, by: 1) {
            progress.wrote(byteCount: 10)
            #expect(progress.mayBePending)
            #expect(!self.isStalled(&progress, pending: 0, at: tick))
            #expect(!progress.mayBePending)
        }
    }

    @Test func whoTakesNothingIsStalledAfterAWindow() {
        var progress = WriteProgress()
        progress.wrote(byteCount: 1000)
        #expect(!self.isStalled(&progress, pending: 1000, at: 5))
        #expect(!self.isStalled(&progress, pending: 1000, at: 14))
        #expect(self.isStalled(&progress, pending: 1000, at: 15))
    }

    @Test func whoTakesTooLittleIsStalledAndWhoTakesEnoughHasAnotherWindow() {
        var progress = WriteProgress()
        progress.wrote(byteCount: 1000)
        #expect(!self.isStalled(&progress, pending: 1000, at: 0))
        #expect(!self.isStalled(&progress, pending: 900, at: 10))
        #expect(!self.isStalled(&progress, pending: 850, at: 15))
        #expect(self.isStalled(&progress, pending: 801, at: 20))
    }

    @Test func whatIsWrittenMeanwhileIsNotTaken() {
        var progress = WriteProgress()
        progress.wrote(byteCount: 100)
        #expect(!self.isStalled(&progress, pending: 100, at: 0))
        progress.wrote(byteCount: 500)
        #expect(self.isStalled(&progress, pending: 600, at: 10))
    }

    @Test func aStreamOfFewBytesThatIsTakenIsNotStalled() {
        var progress = WriteProgress()
        progress.wrote(byteCount: 1)
        #expect(!self.isStalled(&progress, pending: 1, at: 0))
        #expect(!self.isStalled(&progress, pending: 0, at: 5))
        progress.wrote(byteCount: 1)
        #expect(!self.isStalled(&progress, pending: 1, at: 10))
        #expect(!self.isStalled(&progress, pending: 0, at: 19))
    }
}
