// LambdaInvokeAPI
