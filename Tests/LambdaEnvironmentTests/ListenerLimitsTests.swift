import LambdaHTTP
import Testing

@testable import LambdaEnvironment

@Suite struct ListenerLimitsTests {
    /// What "no time-out" means for a connection, LambdaHTTP's tests show with days.
    @Test func runtimesMayWaitForEver() {
        let limits = ExecutionEnvironment.listenerLimits
        #expect(limits.idleTimeout == nil)
        #expect(limits.headTimeout == nil)
        #expect(limits.bodyTimeout == nil)
        #expect(limits.maxConnections == nil)
    }

    @Test func aStackTraceOfOneMebibyteFitsIntoAHead() {
        #expect(ExecutionEnvironment.listenerLimits.maxHeadByteCount >= 5 << 18)
    }
}
