// LambdaProtocolTests
