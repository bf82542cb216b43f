import LambdaMessages
import LambdaProtocol
import NIOCore
import Testing

@testable import LambdaGateway

@Suite struct FunctionDirectoryTests {
    private func at(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .seconds(seconds) }

    private func daemon(
        _ instance: String, _ name: String = "echo", qualifier: String? = nil, slots: Int = 2, free: Int = 1,
        started: Int64 = 1000, memory: Int = 128
    ) -> FunctionAnnouncement {
        FunctionAnnouncement(
            instance: instance, name: name, qualifier: qualifier,
            arn: "arn:aws:lambda:us-east-1:012345678912:function:\(name)", timeoutSeconds: 3, memoryMegabytes: memory,
            slots: slots, freeSlots: free, architecture: "x86_64", startedMilliseconds: started, daemonVersion: "1")
    }

    @Test func daemonsOfOneFunctionAddUp() {
        var directory = FunctionDirectory()
        directory.heard(self.daemon("a", slots: 4, free: 3), now: self.at(0))
        directory.heard(self.daemon("b", free: 0), now: self.at(0))
        let functions = directory.functions(now: self.at(1))
        #expect(functions.map(\.name) == ["echo"])
        #expect(functions[0].containerCount == 2)
        #expect(functions[0].slots == 6)
        #expect(functions[0].freeSlots == 3)
    }

    @Test func theLatestWordOfADaemonCounts() {
        var directory = FunctionDirectory()
        directory.heard(self.daemon("a", free: 2), now: self.at(0))
        directory.heard(self.daemon("a", free: 0), now: self.at(1))
        #expect(directory.functions(now: self.at(1)).map(\.freeSlots) == [0])
    }

    @Test func ofDaemonsThatDifferTheYoungestIsRight() {
        var directory = FunctionDirectory()
        directory.heard(self.daemon("a", started: 2000, memory: 256), now: self.at(0))
        directory.heard(self.daemon("b", started: 1000, memory: 128), now: self.at(1))
        let function = directory.functions(now: self.at(1))[0]
        #expect(function.memoryMegabytes == 256)
        #expect(function.startedAt.millisecondsSinceEpoch == 2000)
    }

    @Test func whoSaysNothingForThirtySecondsIsGone() {
        var directory = FunctionDirectory()
        directory.heard(self.daemon("a"), now: self.at(0))
        #expect(directory.functions(now: self.at(29)).count == 1)
        #expect(directory.functions(now: self.at(30)).isEmpty)
    }

    @Test func whoSaysGoodbyeIsGoneAtOnce() {
        var directory = FunctionDirectory()
        directory.heard(self.daemon("a"), now: self.at(0))
        var goodbye = self.daemon("a")
        goodbye.isLeaving = true
        directory.heard(goodbye, now: self.at(1))
        #expect(directory.functions(now: self.at(1)).isEmpty)
    }

    @Test func aQualifierIsAFunctionOfItsOwnAndQueuesAreInOrder() {
        var directory = FunctionDirectory()
        directory.heard(self.daemon("a", "echo", qualifier: "prod"), now: self.at(0))
        directory.heard(self.daemon("b", "echo-2"), now: self.at(0))
        directory.heard(self.daemon("c", "echo"), now: self.at(0))
        #expect(directory.functions(now: self.at(0)).map(\.queueName) == ["echo", "echo-2", "echo:prod"])
    }

    @Test func overTheLimitNewOnesAreNotHeardUntilOthersAreGone() {
        var directory = FunctionDirectory(limit: 1)
        directory.heard(self.daemon("a", "one"), now: self.at(0))
        directory.heard(self.daemon("b", "two"), now: self.at(1))
        directory.heard(self.daemon("a", "one"), now: self.at(2))
        #expect(directory.functions(now: self.at(2)).map(\.name) == ["one"])
        directory.heard(self.daemon("b", "two"), now: self.at(40))
        #expect(directory.functions(now: self.at(40)).map(\.name) == ["two"])
    }
}

@Suite struct FunctionAnnouncementTests {
    private var announcement: FunctionAnnouncement {
        FunctionAnnouncement(
            instance: "6f1c2d3e-0000-4000-8000-0123456789ab", name: "echo", qualifier: "prod", version: "7",
            arn: "arn:aws:lambda:us-east-1:012345678912:function:echo", timeoutSeconds: 900, memoryMegabytes: 3008,
            slots: 16, freeSlots: 15, architecture: "arm64", startedMilliseconds: 1_800_000_000_000,
            daemonVersion: "0.1.0")
    }

    private func changed(_ from: String, to: String) -> FunctionAnnouncement? {
        let text = String(buffer: self.announcement.body)
        let changed = text.replacing(from, with: to)
        #expect(changed != text, "\(from) is not in it")
        return FunctionAnnouncement.read(ByteBuffer(string: changed))
    }

    @Test func whatIsWrittenIsRead() {
        #expect(FunctionAnnouncement.read(self.announcement.body) == self.announcement)
        var goodbye = self.announcement
        goodbye.isLeaving = true
        goodbye.qualifier = nil
        #expect(FunctionAnnouncement.read(goodbye.body) == goodbye)
    }

    @Test(arguments: [
        (#""name":"echo""#, #""name":"amq.gen""#), (#""name":"echo""#, #""name":"""#),
        (#""name":"echo""#, #""name":1"#),
        (#""qualifier":"prod""#, #""qualifier":"a:b""#), (#""qualifier":"prod""#, #""qualifier":null"#),
        (#""version":"7""#, #""version":"seven""#), (#""slots":16"#, #""slots":-1"#), (#""slots":16"#, #""slots":1e3"#),
        (#""slots":16"#, #""slots":99999999999999999999"#), (#""freeSlots":15"#, #""freeSlots":17"#),
        (#""instance":"6f1c2d3e"#, #""instance":"a b"#), (#"{"instance""#, #"["instance""#),
    ])
    func valuesThatNoDaemonHasAreNoAnnouncement(from: String, to: String) {
        #expect(self.changed(from, to: to) == nil)
    }

    @Test func aLargeMessageIsNotLookedAt() {
        let body = ByteBuffer(string: String(buffer: self.announcement.body) + String(repeating: " ", count: 8192))
        #expect(FunctionAnnouncement.read(body) == nil)
    }

    @Test func membersThatNobodyKnowsAreIgnored() {
        #expect(self.changed("{\"instance\"", to: "{\"future\":[1,{}],\"instance\"") == self.announcement)
    }
}
