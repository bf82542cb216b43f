import AMQP
import LambdaFunction
import Testing

/// Texts as RabbitMQ 3.10.8 wrote them.
@Suite struct QueueDifferenceTests {
    private static func text(_ name: String, _ end: String) -> String {
        "PRECONDITION_FAILED - inequivalent arg '\(name)' for queue 'echo' in vhost '/': \(end)"
    }

    @Test(arguments: [
        ("durable", "received 'true' but current is 'false'", AMQPValue.string("false")),
        ("auto_delete", "received 'false' but current is 'true'", .string("true")),
        ("x-queue-type", "received 'classic' but current is 'quorum'", .string("quorum")),
        (
            "x-queue-type", "received none but current is the value 'quorum' of type 'longstr'", .string("quorum")
        ),
        ("x-max-length", "received none but current is the value '100000' of type 'signedint'", .int64(100_000)),
        ("x-single-active-consumer", "received none but current is the value 'true' of type 'bool'", .bool(true)),
        ("x-expires", "received the value '1' of type 'signedint' but current is none", nil),
    ] as [(String, String, AMQPValue?)])
    func aRefusalSaysWhatDiffers(name: String, end: String, value: AMQPValue?) throws {
        let difference = try #require(QueueDifference(refusal: Self.text(name, end)))
        #expect(difference.name == name)
        #expect(difference.value == value)
    }

    @Test(arguments: [
        "", "'", "ACCESS_REFUSED - access to queue 'echo' in vhost '/' refused for user 'guest'",
        "inequivalent arg 'x'", "inequivalent arg 'x' but current is ", "inequivalent arg 'x' is the value 'y' of type 'z'",
    ])
    func otherTextsSayNothing(text: String) {
        #expect(QueueDifference(refusal: text) == nil)
    }

    @Test func whatDiffersIsTakenOverUntilTheDeclarationIsTheQueues() throws {
        var declaration = AMQPQueueDeclaration(name: "echo", arguments: ["x-queue-type": "classic"])
        for (name, end) in [
            ("durable", "received 'true' but current is 'false'"),
            ("auto_delete", "received 'false' but current is 'true'"),
            ("x-max-length", "received none but current is the value '5' of type 'signedint'"),
        ] {
            let difference = try #require(QueueDifference(refusal: Self.text(name, end)))
            #expect(difference.apply(to: &declaration))
            // The same again would lead nowhere.
            #expect(!difference.apply(to: &declaration))
        }
        #expect(!declaration.isDurable)
        let traits = FunctionQueueTraits(declaration)
        #expect(traits.type == .classic)
        #expect(traits.isAutoDelete == true)
        #expect(!traits.outlivesItsConsumers)
    }

    @Test func onlyAClassicQueueThatKeepsEverythingTakesMessagesBack() {
        func traits(_ arguments: AMQPTable) -> FunctionQueueTraits {
            FunctionQueueTraits(AMQPQueueDeclaration(name: "echo", arguments: arguments))
        }
        #expect(traits(["x-queue-type": "classic"]).takesHandBacks)
        #expect(traits(["x-queue-type": "classic"]).outlivesItsConsumers)
        #expect(!traits(["x-queue-type": "quorum"]).takesHandBacks)
        #expect(!traits(["x-queue-type": "classic", "x-max-length": 5]).takesHandBacks)
        #expect(
            traits(["x-queue-type": "classic", "x-max-length": 5, "x-overflow": "reject-publish"]).takesHandBacks)
        #expect(!traits(["x-queue-type": "classic", "x-single-active-consumer": true]).takesHandBacks)
        #expect(!FunctionQueueTraits().takesHandBacks)
        #expect(!FunctionQueueTraits().outlivesItsConsumers)
    }
}
