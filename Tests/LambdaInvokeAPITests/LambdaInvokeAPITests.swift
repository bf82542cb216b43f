// LambdaInvokeAPITests
