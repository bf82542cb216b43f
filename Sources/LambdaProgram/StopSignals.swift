import Glibc

/// SIGTERM and SIGINT, which end a program in order; a second one ends it at once. SIGHUP, where a program asks for it.
package struct StopSignals {
    private var signals = sigset_t()

    /// Blocks the signals. Before the first thread starts, so that only ``wait()`` takes them.
    ///
    /// - Parameter takesHangUp: SIGHUP is one of them; otherwise it ends the program, as ever.
    package init(takesHangUp: Bool = false) {
        sigemptyset(&self.signals)
        sigaddset(&self.signals, SIGTERM)
        sigaddset(&self.signals, SIGINT)
        if takesHangUp { sigaddset(&self.signals, SIGHUP) }
        pthread_sigmask(SIG_BLOCK, &self.signals, nil)
    }

    /// Waits for the next of them.
    package func wait() -> Int32 {
        var signals = self.signals
        var received: Int32 = 0
        sigwait(&signals, &received)
        return received
    }

    /// Waits for the next one that ends the program.
    package func waitForStop() -> Int32 {
        while true {
            let received = self.wait()
            if received != SIGHUP { return received }
        }
    }

    /// Waits for the next of them, so long at most.
    ///
    /// - Returns: `nil` where none came.
    package func wait(seconds: Int) -> Int32? {
        var signals = self.signals
        var limit = timespec(tv_sec: seconds, tv_nsec: 0)
        let received = sigtimedwait(&signals, nil, &limit)
        return received > 0 ? received : nil
    }
}
