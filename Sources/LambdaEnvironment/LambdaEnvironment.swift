// LambdaEnvironment
