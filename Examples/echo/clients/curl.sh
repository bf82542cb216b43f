#!/bin/sh
# Invokes the function over HTTP. usage: curl.sh [EVENT]
event=${1:-'{"key": "value"}'}
endpoint=${LAMBDA_ENDPOINT:-http://localhost:8080}
exec curl --silent --show-error --data-binary "$event" \
    "$endpoint/2015-03-31/functions/${FUNCTION_NAME:-echo-lambda}/invocations"
