// swift-tools-version: 6.2
import PackageDescription

// The manifest is the architecture drawing: a target depends only on targets above it here.
// Each dependency's reason stands in the README's table.

// Tests/Fuzz/run gives the path of libFuzzer here; everybody else builds without any of this.
let fuzzer = Context.environment["LAMBDA_AMQP_FUZZER"]
let fuzzSettings: [SwiftSetting] = fuzzer == nil ? [] : [
    // Optimised, and with the assertions and the internal names of a test build.
    .unsafeFlags(["-sanitize=fuzzer,address", "-enable-testing", "-assert-config", "Debug"])
]

let testSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
] + fuzzSettings

// An async function runs where its caller does: a call costs no switch to another executor that it does not need. Not in
// tests, whose macros in Swift 6.3 do not compile with it.
let settings = testSettings + [.enableUpcomingFeature("NonisolatedNonsendingByDefault")]

func nio(_ products: String...) -> [Target.Dependency] {
    products.map { .product(name: $0, package: "swift-nio") }
}
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let collections: Target.Dependency = .product(name: "DequeModule", package: "swift-collections")
let tls: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let metrics: Target.Dependency = .product(name: "CoreMetrics", package: "swift-metrics")
let tracing: Target.Dependency = .product(name: "Tracing", package: "swift-distributed-tracing")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "lambda-amqp",
    products: [
        .library(name: "AMQP", targets: ["AMQP"]),
        .library(name: "AMQPRPC", targets: ["AMQPRPC"]),
        .library(name: "LambdaAMQP", targets: ["LambdaAMQP"]),
        .executable(name: "lambda-runtime-api-daemon", targets: ["lambda-runtime-api-daemon"]),
        .executable(name: "lambda-gateway", targets: ["lambda-gateway"]),
        .executable(name: "lambda-amqp", targets: ["lambda-amqp"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // C: librabbitmq is the AMQP codec; CLinux is what Glibc's Swift overlay lacks (variadic and GNU calls).
        .systemLibrary(name: "CRabbitMQ", pkgConfig: "librabbitmq", providers: [.apt(["librabbitmq-dev"])]),
        .target(name: "CLinux"),

        // AMQP 0-9-1, and request/reply over it.
        .target(
            name: "AMQP",
            dependencies: ["CRabbitMQ", tls, logging, collections]
                + nio("NIOCore", "NIOPosix", "NIOConcurrencyHelpers"),
            swiftSettings: settings),
        .target(
            name: "AMQPRPC",
            dependencies: ["AMQP", logging, metrics, tracing, lifecycle, collections]
                + nio("NIOCore", "NIOConcurrencyHelpers", "NIOPosix"),
            swiftSettings: settings),

        // Lambda's words and rules, without I/O.
        .target(name: "LambdaProtocol", dependencies: nio("NIOCore", "NIOHTTP1", "NIOConcurrencyHelpers"), swiftSettings: settings),

        // Lambda invocations as AMQP messages: what the programs and the client speak with each other.
        .target(
            name: "LambdaMessages", dependencies: ["AMQP", "LambdaProtocol"] + nio("NIOCore"), swiftSettings: settings),

        // The client. Not for the daemon, which needs neither its JSON coders nor its metrics and traces.
        .target(
            name: "LambdaAMQP",
            dependencies: [
                "AMQP", "AMQPRPC", "LambdaMessages", "LambdaProtocol", logging, metrics, tracing, lifecycle,
            ] + nio("NIOCore", "NIOConcurrencyHelpers", "NIOPosix"),
            swiftSettings: settings),

        // HTTP listeners, one execution environment, one function, the Invoke API.
        .target(
            name: "LambdaHTTP",
            dependencies: [tls, logging, collections] + nio("NIOCore", "NIOPosix", "NIOHTTP1", "NIOTLS"),
            swiftSettings: settings),
        .target(
            name: "LambdaMetrics", dependencies: ["AMQP", "LambdaHTTP", logging] + nio("NIOCore", "NIOHTTP1"),
            swiftSettings: settings),
        .target(
            name: "LambdaEnvironment",
            dependencies: ["CLinux", "LambdaProtocol", "LambdaHTTP", logging, collections]
                + nio("NIOCore", "NIOPosix", "NIOHTTP1", "NIOConcurrencyHelpers"),
            swiftSettings: settings),
        .target(
            name: "LambdaFunction",
            dependencies: [
                "AMQP", "LambdaEnvironment", "LambdaMessages", "LambdaMetrics", "LambdaProtocol", logging, collections,
            ] + nio("NIOCore"),
            swiftSettings: settings),
        .target(
            name: "LambdaInvokeAPI",
            dependencies: ["LambdaHTTP", "LambdaProtocol", logging] + nio("NIOCore", "NIOHTTP1"),
            swiftSettings: settings),

        // Who has signed a request. Not for the daemon: swift-crypto is not linked into it.
        .target(
            name: "LambdaSignature", dependencies: ["LambdaProtocol", crypto] + nio("NIOCore"),
            swiftSettings: settings),

        // Many functions as the broker sees them, behind the Invoke API.
        .target(
            name: "LambdaGateway",
            dependencies: [
                "AMQP", "AMQPRPC", "LambdaMessages", "LambdaInvokeAPI", "LambdaHTTP", "LambdaMetrics", "LambdaProtocol",
                "LambdaSignature", tls, logging,
            ] + nio("NIOCore", "NIOHTTP1"),
            swiftSettings: settings),

        // What the programs share: strict settings, the log, signals.
        .target(
            name: "LambdaProgram",
            dependencies: ["AMQP", "LambdaMetrics", "LambdaProtocol", logging] + nio("NIOCore", "NIOPosix"),
            swiftSettings: settings),

        // Programs: wiring and configuration only.
        .executableTarget(
            name: "lambda-runtime-api-daemon",
            dependencies: ["CLinux", "AMQP", "LambdaFunction", "LambdaEnvironment", "LambdaInvokeAPI",
                "LambdaHTTP", "LambdaMessages", "LambdaMetrics", "LambdaProgram", "LambdaProtocol", logging] + nio("NIOCore", "NIOPosix"),
            swiftSettings: settings),
        .executableTarget(
            name: "lambda-gateway",
            dependencies: [
                "CLinux", "AMQP", "LambdaGateway", "LambdaInvokeAPI", "LambdaMetrics", "LambdaProgram", "LambdaProtocol",
                "LambdaSignature", tls, logging,
            ] + nio("NIOCore", "NIOPosix", "NIOConcurrencyHelpers"),
            swiftSettings: settings),
        .executableTarget(
            name: "lambda-amqp",
            dependencies: ["LambdaAMQP", "LambdaMessages", "LambdaProtocol", "AMQPRPC", "AMQP", arguments, logging]
                + nio("NIOCore", "NIOPosix"),
            swiftSettings: settings),

        // What is measured, and what against: Tests/Benchmarks.
        .executableTarget(
            name: "confirmed-publish", dependencies: ["AMQP"] + nio("NIOCore"),
            path: "Tests/Benchmarks/ConfirmedPublish", swiftSettings: settings),
        .executableTarget(
            name: "client-load", dependencies: ["LambdaAMQP", "AMQP"] + nio("NIOCore", "NIOPosix"),
            path: "Tests/Benchmarks/ClientLoad", swiftSettings: settings),

        // Tests: a folder a target.
        .target(
            name: "TestSupport",
            dependencies: ["AMQP", logging] + nio("NIOCore", "NIOPosix", "NIOConcurrencyHelpers"),
            path: "Tests/TestSupport", swiftSettings: testSettings),
        .testTarget(
            name: "AMQPTests",
            dependencies: ["AMQP", "CRabbitMQ", "TestSupport", logging]
                + nio("NIOCore", "NIOConcurrencyHelpers", "NIOEmbedded", "NIOPosix"),
            swiftSettings: testSettings),
        .testTarget(
            name: "AMQPRPCTests",
            dependencies: [
                "AMQPRPC", "AMQP", "TestSupport", logging, metrics,
                .product(name: "MetricsTestKit", package: "swift-metrics"),
            ] + nio("NIOCore", "NIOConcurrencyHelpers", "NIOEmbedded", "NIOPosix"),
            swiftSettings: testSettings),
        .testTarget(
            name: "LambdaAMQPTests",
            dependencies: [
                "LambdaAMQP", "AMQPRPC", "AMQP", "LambdaProtocol", "TestSupport", logging, metrics, tracing, lifecycle,
                .product(name: "MetricsTestKit", package: "swift-metrics"),
                .product(name: "InMemoryTracing", package: "swift-distributed-tracing"),
                .product(name: "ServiceLifecycleTestKit", package: "swift-service-lifecycle"),
            ] + nio("NIOCore", "NIOConcurrencyHelpers", "NIOPosix"),
            swiftSettings: testSettings),
        .testTarget(
            name: "LambdaProtocolTests", dependencies: ["LambdaProtocol"] + nio("NIOCore", "NIOHTTP1"),
            swiftSettings: testSettings),
        .testTarget(
            name: "LambdaSignatureTests", dependencies: ["LambdaSignature", "LambdaProtocol"] + nio("NIOCore"),
            swiftSettings: testSettings),
        .testTarget(name: "LambdaProgramTests", dependencies: ["LambdaProgram"], swiftSettings: testSettings),
        .testTarget(
            name: "LambdaHTTPTests",
            dependencies: ["LambdaHTTP", "TestSupport", tls, logging] + nio("NIOCore", "NIOPosix", "NIOHTTP1", "NIOEmbedded"),
            swiftSettings: testSettings),
        .testTarget(
            name: "LambdaMetricsTests",
            dependencies: ["LambdaMetrics", "LambdaHTTP", logging] + nio("NIOCore", "NIOPosix", "NIOHTTP1"),
            swiftSettings: testSettings),
        .testTarget(
            name: "LambdaEnvironmentTests",
            dependencies: ["CLinux", "LambdaEnvironment", "LambdaProtocol", "LambdaHTTP", logging]
                + nio("NIOCore", "NIOPosix", "NIOHTTP1", "NIOEmbedded", "NIOConcurrencyHelpers"),
            swiftSettings: testSettings),
        .testTarget(
            name: "LambdaFunctionTests",
            dependencies: [
                "LambdaFunction", "LambdaEnvironment", "LambdaMessages", "LambdaMetrics", "LambdaProtocol", "AMQP", logging,
            ]
                + nio("NIOCore", "NIOPosix"),
            swiftSettings: testSettings),
        .testTarget(
            name: "LambdaInvokeAPITests",
            dependencies: ["LambdaInvokeAPI", "LambdaHTTP", "LambdaProtocol", logging]
                + nio("NIOCore", "NIOPosix", "NIOHTTP1"),
            swiftSettings: testSettings),
        .testTarget(
            name: "LambdaGatewayTests",
            dependencies: [
                "LambdaGateway", "LambdaMessages", "LambdaMetrics", "LambdaProtocol", "AMQPRPC", "AMQP", "TestSupport",
                logging,
            ] + nio("NIOCore", "NIOPosix", "NIOHTTP1"),
            swiftSettings: testSettings),
        .testTarget(
            name: "IntegrationTests",
            dependencies: [
                "AMQP", "AMQPRPC", "LambdaAMQP", "LambdaFunction", "LambdaGateway", "LambdaMessages", "LambdaProtocol",
                "TestSupport", logging, metrics, tracing, lifecycle,
                .product(name: "MetricsTestKit", package: "swift-metrics"),
                .product(name: "InMemoryTracing", package: "swift-distributed-tracing"),
            ] + nio("NIOCore", "NIOConcurrencyHelpers", "NIOPosix"),
            swiftSettings: testSettings),
        .testTarget(
            name: "EndToEndTests",
            dependencies: ["AMQP", "AMQPRPC", "LambdaAMQP", "LambdaMessages", "TestSupport"] + nio("NIOCore"),
            exclude: ["Scripts"], swiftSettings: testSettings),
    ],
    swiftLanguageModes: [.v6]
)

// What takes bytes from outside, with libFuzzer: Tests/Fuzz. Without it they are compiled with the tests, so that they keep up.
let fuzzDependencies: [Target.Dependency] =
    [
        "AMQP", "AMQPRPC", "LambdaProtocol", "LambdaMessages", "LambdaHTTP", "LambdaEnvironment", "LambdaInvokeAPI",
        "LambdaSignature", "TestSupport", logging,
    ] + nio("NIOCore", "NIOEmbedded", "NIOHTTP1")
if let fuzzer {
    package.targets.append(
        .executableTarget(
            name: "fuzz", dependencies: fuzzDependencies, path: "Tests/Fuzz/Targets", swiftSettings: testSettings,
            linkerSettings: [.unsafeFlags(["-sanitize=address", "-use-ld=lld", fuzzer]), .linkedLibrary("stdc++")]))
} else {
    package.targets.append(
        .target(name: "fuzz", dependencies: fuzzDependencies, path: "Tests/Fuzz/Targets", swiftSettings: testSettings))
}
