package import NIOCore

/// What an event in an environment's life asks its driver to do.
///
/// All members are independent; most are empty.
///
/// A struct and not an array of cases: the hot path returns one for each event, without an allocation.
package struct EnvironmentActions<Invocation> {
    /// How an invocation is answered.
    package enum Ending: Equatable {
        /// With what the runtime has just posted.
        case posted
        case failed(EnvironmentFailure)
    }

    package struct Answer {
        package var invocation: Invocation
        package var ending: Ending

        package init(invocation: Invocation, ending: Ending) {
            self.invocation = invocation
            self.ending = ending
        }
    }

    /// What whoever hands out invocations has to know.
    package enum Notice: Equatable {
        /// The environment can take an invocation.
        case ready
        /// It was ready, and has failed.
        case lost
        /// It can be started again.
        case stopped
        /// It has no process any more and never will.
        case closed
    }

    /// What to do to processes.
    package enum Signal: Equatable {
        /// Kill everything; nothing is to be heard from runtime and extensions any more.
        case kill
        /// Ask the runtime to end, and call `runtimeShareElapsed` and `shutdownWindowElapsed` when their times are
        /// over.
        case terminateRuntime(ShutdownWindow)
        /// Kill the runtime, tell the external extensions that asked for it and kill the others; with a window where
        /// time begins only now.
        case shutDownExtensions(ShutdownReason, ShutdownWindow?)
    }

    package var answer: Answer?
    /// Hand this invocation's event to the runtime and the extensions, now that they are ready.
    package var deliver: Invocation?
    /// Open the Runtime API and see which extensions there are, then call `opened` or `processNotStarted`.
    package var open = false
    package var startExtensions = false
    package var startRuntime = false
    package var signal: Signal?
    /// Call `deadlinePassed` at this time; replaces nothing: an earlier call does no harm.
    package var checkDeadlineAt: NIODeadline?
    /// Call `stragglersElapsed` when what a dead process sent has surely been read.
    package var waitForStragglers = false
    /// Call `reporterElapsed` after this time, in which an extension that reported an error may end.
    package var waitForReporter: TimeAmount?
    /// Call `backOffElapsed` after this time.
    package var backOff: TimeAmount?
    /// Init has succeeded.
    package var initEnded = false
    /// Init failed, for the log.
    package var initFailure: EnvironmentFailure?
    /// The invocation was answered, and failed afterwards, for the log.
    package var lateFailure: EnvironmentFailure?
    /// Why the environment was lost while it was ready, for what it may have been at work on.
    package var lostTo: EnvironmentFailure?
    /// The invocation is over for the environment too: runtime and extensions are ready again, or gone.
    package var invocationEnded = false
    package var notice: Notice?

    package init() {}
}

extension EnvironmentActions.Answer: Equatable where Invocation: Equatable {}
extension EnvironmentActions: Equatable where Invocation: Equatable {}
