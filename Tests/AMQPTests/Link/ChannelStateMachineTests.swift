import Testing

@testable import AMQP

@Suite struct ChannelStateMachineTests {
    private typealias Machine = ChannelStateMachine<String>
    private var machine = Machine()
    private let notFound = ServerMethod.channelClose(
        .init(replyCode: 404, replyText: "NOT_FOUND - no queue 'q'", classID: 50, methodID: 10))

    private mutating func send(_ expectation: Machine.Expectation, _ waiter: String) -> String {
        switch self.machine.request(expectation, waiter) {
        case .send: "send"
        case .refuse(let waiter, let error): "refuse \(waiter): \(error.code)"
        }
    }

    /// An action as one line of the trace.
    private mutating func receive(_ method: ServerMethod) -> String {
        switch self.machine.methodReceived(method) {
        case .none: "none"
        case .resume(let waiter, let method): "resume \(waiter) with \(method.name)"
        case .assemble(let method): "assemble \(method.name)"
        case .acked(let tag, let multiple): "acked \(tag) \(multiple)"
        case .nacked(let tag, let multiple): "nacked \(tag) \(multiple)"
        case .consumerCancelled(let tag): "cancelled \(tag)"
        case .flow(let active): "flow \(active)"
        case .closedByServer(let error, let waiters, _): "closed by server \(error.replyCode?.rawValue ?? 0) \(waiters)"
        case .closeCrossed: "close crossed"
        case .closedByUs(let waiter, let failed, let error):
            "closed by us: \(waiter), failed \(failed), \(error.replyCode?.rawValue ?? 0)"
        case .violation(let violation): "violation \(violation.replyCode.rawValue)"
        }
    }

    @Test mutating func repliesResumeTheirRequestsInOrder() {
        #expect(self.send(.channelOpenOK, "open") == "send")
        #expect(self.send(.qosOK, "qos") == "send")
        #expect(self.send(.consumeOK(consumerTag: "c"), "consume") == "send")
        #expect(self.receive(.channelOpenOK) == "resume open with channelOpenOK")
        #expect(self.receive(.basicQosOK) == "resume qos with basicQosOK")
        #expect(self.receive(.basicConsumeOK(consumerTag: "c")) == "resume consume with basicConsumeOK")
    }

    @Test mutating func aReplyOfAnotherKindThanTheOldestRequestExpectsIsAViolation() {
        _ = self.send(.queueDeclareOK, "declare")
        _ = self.send(.queueBindOK, "bind")
        #expect(self.receive(.queueBindOK) == "violation 503")
    }

    @Test mutating func aReplyThatNothingAskedForIsAViolation() {
        #expect(self.receive(.basicQosOK) == "violation 503")
        #expect(self.receive(.connectionUnblocked) == "violation 503")
        #expect(
            self.receive(
                .basicGetOK(
                    .init(deliveryTag: 1, isRedelivered: false, exchange: "", routingKey: "", messageCount: 0)))
                == "violation 503")
    }

    @Test mutating func everyExpectationAcceptsItsOwnReply() {
        let pairs: [(Machine.Expectation, ServerMethod)] = [
            (.channelOpenOK, .channelOpenOK), (.exchangeDeclareOK, .exchangeDeclareOK),
            (.exchangeDeleteOK, .exchangeDeleteOK), (.exchangeBindOK, .exchangeBindOK),
            (.exchangeUnbindOK, .exchangeUnbindOK),
            (.queueDeclareOK, .queueDeclareOK(.init(queue: "q", messageCount: 0, consumerCount: 0))),
            (.queueBindOK, .queueBindOK), (.queueUnbindOK, .queueUnbindOK),
            (.queuePurgeOK, .queuePurgeOK(messageCount: 1)), (.queueDeleteOK, .queueDeleteOK(messageCount: 1)),
            (.qosOK, .basicQosOK), (.consumeOK(consumerTag: "c"), .basicConsumeOK(consumerTag: "c")),
            (.cancelOK(consumerTag: "c"), .basicCancelOK(consumerTag: "c")), (.get, .basicGetEmpty), (.recoverOK, .basicRecoverOK),
            (.confirmSelectOK, .confirmSelectOK),
        ]
        for (expectation, reply) in pairs {
            #expect(self.send(expectation, "w") == "send")
            #expect(self.receive(reply) == "resume w with \(reply.name)")
        }
    }

    /// RabbitMQ's queues answer these two themselves, each when it comes to it.
    @Test mutating func laterAnswersMayOvertakeTheBeginningAndTheEndOfAConsumer() {
        _ = self.send(.consumeOK(consumerTag: "a"), "consume a")
        _ = self.send(.cancelOK(consumerTag: "z"), "cancel z")
        _ = self.send(.qosOK, "qos")
        _ = self.send(.consumeOK(consumerTag: "b"), "consume b")
        _ = self.send(.queueBindOK, "bind")
        #expect(self.receive(.basicQosOK) == "resume qos with basicQosOK")
        #expect(self.receive(.basicConsumeOK(consumerTag: "b")) == "resume consume b with basicConsumeOK")
        #expect(self.receive(.queueBindOK) == "resume bind with queueBindOK")
        #expect(self.receive(.basicCancelOK(consumerTag: "z")) == "resume cancel z with basicCancelOK")
        #expect(self.receive(.basicConsumeOK(consumerTag: "a")) == "resume consume a with basicConsumeOK")
    }

    @Test mutating func noOtherAnswerIsOvertakenAndNoConsumerIsAnsweredForAnother() {
        _ = self.send(.queueDeclareOK, "declare")
        _ = self.send(.qosOK, "qos")
        #expect(self.receive(.basicQosOK) == "violation 503")
        _ = self.machine.linkClosed(AMQPError(.connectionLost, "over"))
        self.machine = Machine()
        _ = self.send(.consumeOK(consumerTag: "a"), "consume a")
        #expect(self.receive(.basicConsumeOK(consumerTag: "b")) == "violation 503")
    }

    @Test mutating func aFetchedMessageResumesItsRequestWhenItsContentIsWhole() {
        let got = ServerMethod.basicGetOK(
            .init(deliveryTag: 1, isRedelivered: false, exchange: "", routingKey: "", messageCount: 0))
        _ = self.send(.get, "get")
        _ = self.send(.qosOK, "qos")
        #expect(self.receive(got) == "assemble basicGetOK")
        #expect(self.machine.getCompleted() == "get")
        #expect(self.machine.getCompleted() == nil)
        #expect(self.receive(.basicQosOK) == "resume qos with basicQosOK")
    }

    @Test mutating func whatComesUnaskedIsPassedOnBetweenRequestAndReply() {
        _ = self.send(.qosOK, "qos")
        #expect(self.receive(.basicAck(deliveryTag: 3, multiple: true)) == "acked 3 true")
        #expect(self.receive(.basicNack(deliveryTag: 4, multiple: false)) == "nacked 4 false")
        #expect(self.receive(.basicCancel(consumerTag: "c1")) == "cancelled c1")
        #expect(self.receive(.channelFlow(active: false)) == "flow false")
        #expect(self.receive(.basicQosOK) == "resume qos with basicQosOK")
    }

    @Test mutating func closeByTheBrokerFailsWhoWaitsAndEveryLaterRequest() {
        _ = self.send(.queueDeclareOK, "declare")
        _ = self.send(.queueBindOK, "bind")
        #expect(self.receive(self.notFound) == #"closed by server 404 ["declare", "bind"]"#)
        #expect(!self.machine.isOpen)
        #expect(self.machine.closedError?.replyCode == .notFound)
        #expect(self.send(.qosOK, "qos") == "refuse qos: channelClosed")
        #expect(self.receive(.queueBindOK) == "none")
    }

    @Test mutating func ourCloseRefusesRequestsAndDropsWhatStillComes() {
        _ = self.send(.qosOK, "qos")
        #expect(self.send(.channelCloseOK, "close") == "send")
        #expect(!self.machine.isOpen)
        #expect(self.send(.qosOK, "late") == "refuse late: channelClosed")
        #expect(self.send(.channelCloseOK, "again") == "refuse again: channelClosed")
        #expect(self.receive(.basicQosOK) == "none")
        #expect(self.receive(.basicAck(deliveryTag: 1, multiple: false)) == "none")
        #expect(
            self.receive(
                .basicDeliver(
                    .init(consumerTag: "c", deliveryTag: 1, isRedelivered: false, exchange: "", routingKey: "")))
                == "assemble basicDeliver")
        #expect(self.receive(.channelCloseOK) == #"closed by us: close, failed ["qos"], 0"#)
        #expect(self.machine.closedError?.code == .channelClosed)
    }

    @Test mutating func closesThatCrossAreBothAnsweredBeforeTheChannelEnds() {
        _ = self.send(.queueDeclareOK, "declare")
        _ = self.send(.channelCloseOK, "close")
        #expect(self.receive(self.notFound) == "close crossed")
        #expect(self.machine.closedError == nil)
        #expect(self.receive(.channelCloseOK) == #"closed by us: close, failed ["declare"], 404"#)
        #expect(self.machine.closedError?.replyCode == .notFound)
    }

    @Test mutating func aRequestThatCouldNotBeEncodedLeavesTheOrderIntact() {
        _ = self.send(.qosOK, "qos")
        _ = self.send(.queueDeclareOK, "too long")
        self.machine.requestNotSent()
        #expect(self.receive(.basicQosOK) == "resume qos with basicQosOK")
        #expect(self.receive(.queueDeclareOK(.init(queue: "q", messageCount: 0, consumerCount: 0))) == "violation 503")
    }

    @Test mutating func aLostLinkFailsWhoWaitsOnce() {
        _ = self.send(.qosOK, "qos")
        let error = AMQPError(.connectionLost, "gone")
        #expect(self.machine.linkClosed(error) == ["qos"])
        #expect(self.machine.linkClosed(error).isEmpty)
        #expect(self.send(.qosOK, "late") == "refuse late: connectionLost")
    }
}
