# The daemon and the gateway as static programs, in images that hold nothing else.
#
#   docker build --target daemon  -t lambda-runtime-api-daemon .    to copy into function images, or to mount
#   docker build --target gateway -t lambda-gateway .               to run
#   docker build --target echo    -t echo-lambda .                  the echo function, as an example of the first

# Where the programs are compiled: Swift on Debian, so that librabbitmq is Debian's.
ARG SWIFT_IMAGE=swift:6.2-bookworm
# What the echo function runs on.
ARG PYTHON_IMAGE=python:3.13-slim

FROM ${SWIFT_IMAGE} AS build
RUN apt-get update -q \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
        binutils ca-certificates librabbitmq-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY Package.swift .
COPY Sources Sources
# The manifest names the tests' folders, whose files are not needed here.
COPY Tests Tests
COPY .release .release
RUN programs=$(.release/build lambda-runtime-api-daemon lambda-gateway) \
    && mkdir /programs \
    && cp $programs /programs \
    && strip /programs/*

# Nothing but the program: COPY --from it into any Lambda image, or run it as an init container.
FROM scratch AS daemon
COPY --from=build /programs/lambda-runtime-api-daemon /lambda-runtime-api-daemon
ENTRYPOINT ["/lambda-runtime-api-daemon"]

# The gateway, and the certificates that `amqps` is verified by.
FROM scratch AS gateway
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /programs/lambda-gateway /lambda-gateway
USER 65534:65534
EXPOSE 8080
HEALTHCHECK --interval=5s --timeout=10s CMD ["/lambda-gateway", "--ready"]
ENTRYPOINT ["/lambda-gateway"]

# A function: its runtime, its code, and the daemon where AWS's images have their emulator.
FROM ${PYTHON_IMAGE} AS echo
RUN pip install --no-cache-dir awslambdaric
COPY --from=daemon /lambda-runtime-api-daemon /usr/local/bin/aws-lambda-rie
COPY Examples/echo/lambda-entrypoint.sh /lambda-entrypoint.sh
WORKDIR /var/task
COPY Examples/echo/echo.py .
ENV AWS_LAMBDA_FUNCTION_NAME=echo-lambda
HEALTHCHECK --interval=5s --timeout=10s CMD ["aws-lambda-rie", "--ready"]
ENTRYPOINT ["/lambda-entrypoint.sh"]
CMD ["echo.handler"]
