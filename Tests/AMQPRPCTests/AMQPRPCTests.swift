// AMQPRPCTests
