internal import CLinux

/// A thread for calls that block, outside of Swift's cooperative pool.
enum DetachedThread {
    private final class Body {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Starts a thread that ends with `body`.
    ///
    /// - Returns: 0, or an error number; `body` is not called then.
    static func start(_ body: @escaping @Sendable () -> Void) -> Int32 {
        let context = Unmanaged.passRetained(Body(body))
        let error = clinux_start_thread(
            { context in Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run() }, context.toOpaque())
        if error != 0 { context.release() }
        return error
    }
}
