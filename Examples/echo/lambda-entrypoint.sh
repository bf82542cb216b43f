#!/bin/sh
# Entrypoint of a Lambda container image: takes the handler's name, as the image's CMD gives it.
# The Lambda service sets AWS_LAMBDA_RUNTIME_API. Where nobody did, the daemon serves that API; it is mounted at the path
# of aws-lambda-rie, where the images that AWS provides have theirs, so one mount suits all images.
if [ $# -ne 1 ]; then
    echo "usage: lambda-entrypoint.sh HANDLER, for example echo.handler" >&2
    exit 142
fi
if [ -n "$AWS_LAMBDA_RUNTIME_API" ]; then
    exec python3 -m awslambdaric "$1"
fi
exec "${LAMBDA_RUNTIME_API_DAEMON:-/usr/local/bin/aws-lambda-rie}" python3 -m awslambdaric "$1"
