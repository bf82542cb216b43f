import Glibc

/// SIGTERM and SIGINT, which end a program in order; a second one ends it at once.
package struct StopSignals {
    private var signals = sigset_t()

    /// Blocks the signals. Before the first thread starts, so that only ``wait()`` takes them.
    package init() {
        sigemptyset(&self.signals)
        sigaddset(&self.signals, SIGTERM)
        sigaddset(&self.signals, SIGINT)
        pthread_sigmask(SIG_BLOCK, &self.signals, nil)
    }

    /// Waits for the next of them.
    package func wait() -> Int32 {
        var signals = self.signals
        var received: Int32 = 0
        sigwait(&signals, &received)
        return received
    }
}
