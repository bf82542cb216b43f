// LambdaHTTP
