// LambdaFunctionTests
