import LambdaEnvironment
import Testing

@Suite struct ExtensionRegistryTests {
    typealias Registry = ExtensionRegistry<String>

    static let invoke = ExtensionEvent.invoke(deadline: 1, requestID: "a", invokedFunctionARN: "arn", traceID: nil)
    static let shutdown = ExtensionEvent.shutdown(deadline: 2, reason: .spindown)

    static func id(_ number: Int) -> String { "00000000-0000-4000-8000-00000000000\(number)" }
    let one = ExtensionRegistryTests.id(1)
    let two = ExtensionRegistryTests.id(2)

    func message(_ action: Registry.RegisterAction) -> String? {
        if case .reject(let rejection) = action { "\(rejection.errorType) \(rejection.message)" } else { nil }
    }

    func message(_ action: Registry.NextAction) -> String? {
        if case .reject(let rejection) = action { "\(rejection.errorType) \(rejection.message)" } else { nil }
    }

    func message(_ action: Registry.ReportAction) -> String? {
        if case .reject(let rejection) = action { "\(rejection.errorType) \(rejection.message)" } else { nil }
    }

    @Test func theLastExternalExtensionCompletesTheRegistration() {
        var registry = Registry(externalNames: ["a", "b"])
        #expect(registry.presence == .none)
        #expect(
            registry.register(name: "b", events: ["INVOKE", "SHUTDOWN", "INVOKE"], identifier: self.one)
                == .accept(identifier: self.one, externalsAreComplete: false))
        #expect(registry.presence == .external)
        #expect(
            registry.register(name: "a", events: [], identifier: self.two)
                == .accept(identifier: self.two, externalsAreComplete: true))
        #expect(
            registry.summaries == [
                .init(name: "a", state: .registered, events: []),
                .init(name: "b", state: .registered, events: [.invoke, .shutdown]),
            ])
    }

    @Test func anyOtherNameIsAnInternalExtension() {
        var registry = Registry()
        #expect(
            registry.register(name: "GoLangEnableSIGTERM", events: [], identifier: self.one)
                == .accept(identifier: self.one, externalsAreComplete: false))
        #expect(registry.presence == .internalOnly)
        #expect(registry.name(forIdentifier: self.one) == "GoLangEnableSIGTERM")
        #expect(registry.name(forIdentifier: self.two) == nil)
    }

    @Test func eventsThatDoNotExistOrAreNotForInternalExtensionsAreRefused() {
        var registry = Registry(externalNames: ["a"])
        let refusals = [
            registry.register(name: "a", events: ["INVOKE", "RESTORE"], identifier: self.one),
            registry.register(name: "i", events: ["RESTORE"], identifier: self.one),
            registry.register(name: "i", events: ["INVOKE", "SHUTDOWN"], identifier: self.one),
        ]
        #expect(
            refusals.map(self.message) == [
                "Extension.InvalidEventType RESTORE: ErrorInvalidEventType",
                "Extension.InvalidEventType RESTORE: ErrorInvalidEventType",
                "Extension.InvalidEventType SHUTDOWN: ShutdownEventNotSupportedForInternalExtension",
            ])
        #expect(registry.presence == .none)
    }

    @Test func aNameIsTakenOnce() {
        var registry = Registry(externalNames: ["a"])
        _ = registry.register(name: "a", events: [], identifier: self.one)
        _ = registry.register(name: "i", events: [], identifier: self.two)
        let first = self.message(registry.register(name: "a", events: [], identifier: Self.id(3)))
        #expect(
            first
                == "Extension.InvalidExtensionState State transition from Registered to Registered failed for "
                + "extension a. Error: State transition is not allowed")
        let second = self.message(registry.register(name: "i", events: [], identifier: Self.id(3)))
        #expect(
            second
                == "Extension.InvalidExtensionState Extension with this name already registered")
    }

    @Test func theEleventhExtensionIsRefused() {
        var registry = Registry(externalNames: (0..<4).map { "external-\($0)" })
        for number in 0..<6 {
            let refusal = self.message(registry.register(name: "internal-\(number)", events: [], identifier: ""))
            #expect(refusal == nil)
        }
        let first = self.message(registry.register(name: "internal-6", events: [], identifier: ""))
        #expect(
            first
                == "Extension.TooManyExtensions Extension limit (10) reached")
    }

    @Test func registrationEndsWithTheRuntimesFirstNext() {
        var registry = Registry()
        registry.close()
        let first = self.message(registry.register(name: "i", events: [], identifier: self.one))
        #expect(
            first
                == "Extension.RegistrationClosed Extension registration closed already")
    }

    @Test func theBarrierIsPassedByTheLastOneWhoIsAwaited() {
        var registry = Registry(externalNames: ["a"])
        #expect(!registry.areAllReady)
        _ = registry.register(name: "a", events: ["INVOKE"], identifier: self.one)
        _ = registry.register(name: "i", events: [], identifier: self.two)
        #expect(registry.nextRequested(identifier: self.two, by: "i1") == .wait(completesBarrier: false))
        #expect(registry.nextRequested(identifier: self.one, by: "a1") == .wait(completesBarrier: true))
        #expect(registry.areAllReady)

        // Only those that asked for invocations are told of them, and awaited.
        #expect(registry.invoke(Self.invoke) == ["a1"])
        #expect(!registry.areAllReady)
        #expect(registry.nextRequested(identifier: self.one, by: "a2") == .wait(completesBarrier: true))
    }

    @Test func anExtensionThatLostItsConnectionCompletesTheBarrierOnce() {
        var registry = Registry(externalNames: ["a"])
        _ = registry.register(name: "a", events: ["INVOKE"], identifier: self.one)
        #expect(registry.nextRequested(identifier: self.one, by: "a1") == .wait(completesBarrier: true))
        registry.waiterGone { $0 == "a1" }
        #expect(registry.nextRequested(identifier: self.one, by: "a2") == .wait(completesBarrier: false))
        registry.waiterGone { $0 == "a2" }
        #expect(registry.invoke(Self.invoke) == [])
        #expect(!registry.areAllReady)
        #expect(registry.nextRequested(identifier: self.one, by: "a3") == .deliver(Self.invoke))
        #expect(registry.nextRequested(identifier: self.one, by: "a4") == .wait(completesBarrier: true))
    }

    @Test func environmentsWithoutSubscribersNeedNotLook() {
        var registry = Registry(externalNames: ["a", "b"])
        _ = registry.register(name: "a", events: ["SHUTDOWN"], identifier: self.one)
        #expect(!registry.hasInvokeSubscribers)
        _ = registry.register(name: "b", events: ["INVOKE"], identifier: self.two)
        #expect(registry.hasInvokeSubscribers)
    }

    @Test func shutdownIsToldToThoseWhoAskedAndTheOtherExternalOnesAreKilled() {
        var registry = Registry(externalNames: ["a", "b", "c"])
        _ = registry.register(name: "a", events: ["SHUTDOWN"], identifier: self.one)
        _ = registry.register(name: "b", events: ["INVOKE"], identifier: self.two)
        _ = registry.register(name: "i", events: ["INVOKE"], identifier: Self.id(3))
        _ = registry.nextRequested(identifier: self.one, by: "a1")
        _ = registry.nextRequested(identifier: self.two, by: "b1")
        _ = registry.nextRequested(identifier: Self.id(3), by: "i1")
        let (deliver, kill) = registry.shutDown(Self.shutdown)
        #expect(deliver == ["a1"])
        // Also the one that never registered.
        #expect(kill == ["b", "c"])
        #expect(Set(registry.dismiss()) == ["b1", "i1"])
        #expect(registry.shutdownOverran() == ["a"])
    }

    @Test func whoHasEndedDoesNotOverrun() {
        var registry = Registry(externalNames: ["a"])
        _ = registry.register(name: "a", events: ["SHUTDOWN"], identifier: self.one)
        registry.processEnded(name: "a")
        #expect(registry.shutdownOverran() == [])
    }

    @Test func identifiersAreChecked() {
        var registry = Registry()
        _ = registry.register(name: "i", events: [], identifier: self.one)
        let first = self.message(registry.nextRequested(identifier: nil, by: "n"))
        #expect(
            first
                == "Extension.MissingExtensionIdentifier Missing Lambda-Extension-Identifier header")
        let second = self.message(registry.nextRequested(identifier: "i", by: "n"))
        #expect(
            second
                == "Extension.InvalidExtensionIdentifier Invalid Lambda-Extension-Identifier")
        let third = self.message(registry.nextRequested(identifier: self.two, by: "n"))
        #expect(
            third
                == "Extension.UnknownExtensionIdentifier Unknown extension \(self.two)")
        let fourth = self.message(registry.errorReported(.initError, identifier: self.two, errorType: "E"))
        #expect(
            fourth
                == "Extension.UnknownExtensionIdentifier Unknown Lambda-Extension-Identifier")
        #expect(registry.nextRequested(identifier: self.one.uppercased(), by: "n") == .wait(completesBarrier: true))
        let fifth = self.message(registry.nextRequested(identifier: self.one, by: "m"))
        #expect(
            fifth
                == "Extension.InvalidExtensionState State transition from Ready to Ready failed for extension "
                + "\(self.one). Error: State transition is not allowed")
    }

    @Test func errorsAreReportedWithTheirType() {
        var registry = Registry()
        _ = registry.register(name: "i", events: [], identifier: self.one)
        let first = self.message(registry.errorReported(.initError, identifier: self.one, errorType: ""))
        #expect(
            first
                == "Extension.MissingHeader Lambda-Extension-Function-Error-Type not found")
        #expect(
            registry.errorReported(.initError, identifier: self.one, errorType: "Extension.Bad")
                == .accept(ExtensionFailure(kind: .initError, name: "i", detail: "Extension.Bad")))
        let second = self.message(registry.errorReported(.exitError, identifier: self.one, errorType: "E"))
        #expect(
            second
                == "Extension.InvalidExtensionState State transition from InitError to ExitError failed for extension "
                + "\(self.one). Error: State transition is not allowed")
    }
}
