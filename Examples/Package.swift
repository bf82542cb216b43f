// swift-tools-version: 6.2
import PackageDescription

// All Swift examples, in one package, so that they share one build.
let package = Package(
    name: "lambda-amqp-examples",
    dependencies: [
        .package(name: "lambda-amqp", path: ".."),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    ],
    targets: [
        .executableTarget(
            name: "echo-client",
            dependencies: [
                .product(name: "LambdaAMQP", package: "lambda-amqp"),
                .product(name: "AMQP", package: "lambda-amqp"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            path: "echo/clients/swift")
    ]
)
