// LambdaHTTPTests
