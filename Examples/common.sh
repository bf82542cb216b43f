# Sourced by the examples' `run`: builds, finds or starts a broker, runs daemons, and stops what it started.
. "$(dirname "${BASH_SOURCE[0]}")/../Tests/Support/prepare.sh"

example_work=$(mktemp -d "${TMPDIR:-/tmp}/lambda-amqp-example.XXXXXX") example_processes=()
example_cleanup() {
    local process
    for process in "${example_processes[@]}"; do stop_process "$process"; done
    "$support/broker" remove "$example_work/broker"
    rm -rf "$example_work"
}
trap example_cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# example_build PRODUCT…: builds them, into $programs, the daemon and lambda-amqp into $daemons.
#
# EXAMPLES_BIN and DAEMONS_BIN name folders where they are already.
example_build() {
    programs=${EXAMPLES_BIN:-} daemons=${DAEMONS_BIN:-${EXAMPLES_BIN:-}}
    [ -z "$programs" ] || return 0
    require_swift
    require_build_packages
    local build=(swift build --package-path "$project/Examples" -c release) product
    say "building $*"
    for product in "$@"; do "${build[@]}" --product "$product" </dev/null >&2; done
    programs=$("${build[@]}" --show-bin-path)
    daemons=$programs
}

# example_broker: the broker of AMQP_URI, else the one on localhost:5672, else one of our own.
example_broker() {
    if [ -z "${AMQP_URI:-}" ]; then
        if accepts localhost 5672; then
            AMQP_URI=amqp://guest:guest@localhost:5672
        else
            require_broker_packages
            say "no RabbitMQ on localhost:5672, starting one"
            "$support/broker" start "$example_work/broker"
            . "$example_work/broker/settings"
            AMQP_URI=$uri
        fi
    fi
    export AMQP_URI
}

# example_start NAME COMMAND…: runs it beside us; what it prints goes to $example_work/NAME.
example_start() {
    local name=$1
    shift
    say "$(basename "$1") ${*:2}"
    "$@" >"$example_work/$name" 2>&1 &
    example_processes+=($!)
}

# example_function NAME COMMAND…: a daemon with the function, ready to be invoked.
example_function() {
    local name=$1
    shift
    AWS_LAMBDA_FUNCTION_NAME=$name PORT=$(free_port) RUNTIME_API_PORT=$(free_port) EVENT_QUEUE_TYPE=none \
        example_start "$name" "$daemons/lambda-runtime-api-daemon" "$@"
    wait_until 30 "$daemons/lambda-amqp" invoke "$name" '"ready?"' >/dev/null 2>&1 \
        || { cat "$example_work/$name" >&2; fail "$name did not answer in 30 s"; }
}
