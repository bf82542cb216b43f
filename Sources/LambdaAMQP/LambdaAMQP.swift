// LambdaAMQP
