// LambdaEnvironmentTests
