package import LambdaEnvironment
package import NIOCore

/// One function as this process runs it.
package struct FunctionConfiguration: Sendable {
    /// What the function is called, and what its environments run.
    package var environment: EnvironmentConfiguration
    /// A further qualifier under which the function is served; default none.
    package var qualifier: String?
    /// Twelve digits, for the ARN.
    ///
    /// Default 012345678912, as aws-lambda-rie.
    package var accountID: String
    /// Environments at most, as `MAX_CONCURRENCY` says; default 1.
    package var maxEnvironments: Int
    /// Environments that are started at once, and kept however long they are idle; default 0.
    package var minEnvironments: Int
    /// Environments that events never take; default 0.
    package var reservedForCallers: Int
    /// After how long without an invocation an environment is stopped.
    ///
    /// Default 1800 s; `nil`: never.
    package var idleTimeout: TimeAmount?
    /// Invocations that may wait while every environment is busy; further ones get a 429.
    ///
    /// Default 1000.
    package var maxWaiting: Int
    /// How long one may wait, also for an environment to start, before it gets a 429.
    ///
    /// Default 60 s, the time boto3 waits for an answer; `nil`: for ever.
    package var maxWaitingTime: TimeAmount?
    /// How long the result of an invocation with an idempotency key is remembered.
    ///
    /// Default 300 s; 0: keys are ignored.
    package var idempotencyTime: TimeAmount
    /// Results that are remembered at a time, and their bytes altogether.
    package var idempotencyCount: Int
    package var idempotencyByteCount: Int

    package init(
        environment: EnvironmentConfiguration, qualifier: String? = nil, accountID: String = "012345678912",
        maxEnvironments: Int = 1, minEnvironments: Int = 0, reservedForCallers: Int = 0,
        idleTimeout: TimeAmount? = .seconds(1800), maxWaiting: Int = 1000, maxWaitingTime: TimeAmount? = .seconds(60),
        idempotencyTime: TimeAmount = .seconds(300), idempotencyCount: Int = 10_000,
        idempotencyByteCount: Int = 32 * 1024 * 1024
    ) {
        self.environment = environment
        self.qualifier = qualifier
        self.accountID = accountID
        self.maxEnvironments = maxEnvironments
        self.minEnvironments = minEnvironments
        self.reservedForCallers = reservedForCallers
        self.idleTimeout = idleTimeout
        self.maxWaiting = maxWaiting
        self.maxWaitingTime = maxWaitingTime
        self.idempotencyTime = idempotencyTime
        self.idempotencyCount = idempotencyCount
        self.idempotencyByteCount = idempotencyByteCount
    }
}
