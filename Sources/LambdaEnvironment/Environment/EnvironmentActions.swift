package import NIOCore

/// What an event in an environment's life asks its driver to do. All members are independent; most are empty.
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
        /// It was ready, and its process has ended.
        case lost
        /// It can be started again.
        case stopped
        /// It has no process any more and never will.
        case closed
    }

    package var answer: Answer?
    /// Hand this invocation's event to the runtime, now that it is ready.
    package var deliver: Invocation?
    package var startProcess = false
    /// Kill the process group; nothing is to be heard from the runtime any more.
    package var killProcess = false
    /// Call `deadlinePassed` at this time; replaces nothing: an earlier call does no harm.
    package var checkDeadlineAt: NIODeadline?
    /// Call `stragglersElapsed` when what the dead process sent has surely been read.
    package var waitForStragglers = false
    /// Call `backOffElapsed` after this time.
    package var backOff: TimeAmount?
    /// Init failed, for the log.
    package var initFailure: EnvironmentFailure?
    /// The invocation is over for the environment too: the runtime is ready again, or gone.
    package var invocationEnded = false
    package var notice: Notice?

    package init() {}
}

extension EnvironmentActions.Answer: Equatable where Invocation: Equatable {}
extension EnvironmentActions: Equatable where Invocation: Equatable {}
