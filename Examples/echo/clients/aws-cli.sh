#!/bin/sh
# Invokes the function with the AWS CLI, version 2. usage: aws-cli.sh [EVENT]
event=${1:-'{"key": "value"}'}
# The daemon asks for no signature, but the CLI insists on a region and on credentials to sign with.
export AWS_DEFAULT_REGION="${AWS_DEFAULT_REGION:-us-east-1}"
export AWS_ACCESS_KEY_ID="${AWS_ACCESS_KEY_ID:-none}" AWS_SECRET_ACCESS_KEY="${AWS_SECRET_ACCESS_KEY:-none}"
# The CLI writes the function's result to the file it is given, and what it says about the call to standard output.
exec "${AWS_CLI:-aws}" lambda invoke --endpoint-url "${LAMBDA_ENDPOINT:-http://localhost:8080}" \
    --function-name "${FUNCTION_NAME:-echo-lambda}" --cli-binary-format raw-in-base64-out \
    --payload "$event" /dev/stderr 1>/dev/null
