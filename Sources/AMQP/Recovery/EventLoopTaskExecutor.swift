package import NIOCore

/// Runs tasks on the event loop of a connection, so that their calls need no switch between threads.
///
/// A task elsewhere wakes the loop's thread with each call, and the loop wakes the task's with the answer. A service that
/// does little but calls has less latency and needs less processor when those tasks prefer this executor. Each connection
/// has one, ``AMQPConnection/taskExecutor``; an `RPCClient` and a `LambdaClient` name their connection's by the same word:
///
/// ```swift
/// try await withTaskExecutorPreference(lambda.taskExecutor) {
///     let result = try await lambda.invoke("echo", payload: event)
///     print(result.payload)
/// }
/// ```
///
/// A task that computes for long, or blocks, holds up the connection and everybody else on the loop: it belongs on the
/// default executor. Actors, the main one too, keep their own (Swift Evolution, SE-0417).
public final class EventLoopTaskExecutor: TaskExecutor, @unchecked Sendable {
    // @unchecked: every stored `var` is used on the loop only.
    private let eventLoop: any EventLoop
    /// What was enqueued on the loop, for the end of this turn.
    private var jobs: [UnownedJob] = []
    private var spare: [UnownedJob] = []

    /// An executor on a loop.
    ///
    /// - Parameter eventLoop: The loop whose thread runs the tasks.
    package init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// Called by Swift.
    ///
    /// - Parameter job: What a task does until it waits next; it is run on the loop, in the order of the calls.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        guard self.eventLoop.inEventLoop else {
            return self.eventLoop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
        }
        self.jobs.append(job)
        if self.jobs.count == 1 { self.eventLoop.execute { self.run() } }
    }

    /// Runs what there is; what that enqueues has its turn after everything else that the loop has to do.
    private func run() {
        var jobs = self.spare
        swap(&jobs, &self.jobs)
        self.spare = []
        for job in jobs { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
        jobs.removeAll(keepingCapacity: true)
        self.spare = jobs
    }
}
