// LambdaFunction
