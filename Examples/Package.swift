// swift-tools-version: 6.2
import PackageDescription

func product(_ name: String) -> Target.Dependency { .product(name: name, package: "lambda-amqp") }
let nio: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")

// All Swift examples, in one package, so that they share one build.
let package = Package(
    name: "lambda-amqp-examples",
    dependencies: [
        .package(name: "lambda-amqp", path: ".."),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
    ],
    targets: [
        .executableTarget(
            name: "echo-client", dependencies: [product("LambdaAMQP"), product("AMQP"), nio],
            path: "echo/clients/swift"),
        .executableTarget(
            name: "web-service",
            dependencies: [
                product("LambdaAMQP"), product("AMQP"), logging,
                .product(name: "Hummingbird", package: "hummingbird"),
            ],
            path: "web-service", exclude: ["README.md", "greeter.py", "run"]),
        .executableTarget(
            name: "price-server",
            dependencies: [
                product("AMQPRPC"), product("AMQP"), nio, logging,
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            path: "rpc-server/server"),
        .executableTarget(
            name: "price-client", dependencies: [product("AMQPRPC"), product("AMQP"), nio], path: "rpc-server/client"),
        .executableTarget(
            name: "batch-publisher", dependencies: [product("AMQP")], path: "batch-publisher",
            exclude: ["README.md", "run"]),
        .executableTarget(
            name: "job-worker",
            dependencies: [
                product("AMQP"), nio, logging,
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            path: "work-queue/worker"),
        .executableTarget(
            name: "job-publisher", dependencies: [product("AMQP"), nio], path: "work-queue/publisher"),
        .executableTarget(
            name: "stream-reader", dependencies: [product("LambdaAMQP"), product("AMQP"), nio],
            path: "streaming-consumer/reader"),
        // What README and DocC show.
        .target(
            name: "Snippets",
            dependencies: [
                product("LambdaAMQP"), product("AMQPRPC"), product("AMQP"), nio, nioPosix, logging,
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            path: "snippets"),
    ]
)
