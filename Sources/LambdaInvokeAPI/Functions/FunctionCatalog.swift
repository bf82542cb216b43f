package import LambdaProtocol
package import NIOCore

/// Whoever knows which functions there are.
package protocol FunctionCatalog: AnyObject, Sendable {
    /// The functions, in the order of their queues' names; may be called on any loop.
    func functions() -> EventLoopFuture<[FunctionSummary]>
}
