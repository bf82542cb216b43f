import ArgumentParser

/// `lambda-amqp`: invoke Lambda functions through RabbitMQ from a shell.
@main
struct LambdaAMQPCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lambda-amqp", abstract: "Invokes Lambda functions through RabbitMQ.", version: "0.1.0",
        subcommands: [InvokeCommand.self, DeadLettersCommand.self])
}
