# Sourced by Tests/run, Tests/static-daemon and Examples/echo/run: installs what a fresh machine lacks.
# Every function returns at once when its work is done already, so a second run costs nothing.

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
support=$project/Tests/Support
python_folder=$project/.venv

say() { printf '== %s\n' "$*" >&2; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

# as_root COMMAND…: runs it as root, or says what the user has to do.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "root is needed for: $* (run that first, or install sudo)"
    fi
}

require_swift() {
    command -v swift >/dev/null || fail "swift is not on the PATH: install Swift 6.1 or newer (swift.org/install)"
}

# require_packages PACKAGE…: Debian packages, installed only if one of them is missing.
require_packages() {
    local package missing=()
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    command -v apt-get >/dev/null || fail "these packages are missing, and there is no apt-get: ${missing[*]}"
    say "installing ${missing[*]}"
    # RUNLEVEL=1 keeps the maintainer scripts from starting a system-wide RabbitMQ: the project runs its own nodes.
    local apt=(env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -y -q -o Dpkg::Use-Pty=0)
    as_root "${apt[@]}" update </dev/null >&2 || fail "apt-get update failed"
    as_root "${apt[@]}" install --no-install-recommends "${missing[@]}" </dev/null >&2 \
        || fail "apt-get could not install ${missing[*]}"
}

# What `swift build` needs beside Swift.
require_build_packages() { require_packages librabbitmq-dev pkg-config; }

# What a broker of our own needs (Support/broker).
require_broker_packages() { require_packages rabbitmq-server openssl; }

# require_rabbitmq_4: RabbitMQ 4 in the system $rabbitmq_4_root: Debian 13 in a folder of the project, since Debian 12 has
# 3.10 only. Needs root.
require_rabbitmq_4() {
    local folder=$project/.build-rabbitmq-4 new log
    rabbitmq_4_root=$folder/root new=$folder/new log=$folder/log
    [ ! -x "$rabbitmq_4_root/usr/lib/rabbitmq/bin/rabbitmq-server" ] || return 0
    require_packages debootstrap
    say "installing Debian 13 with RabbitMQ 4 into $rabbitmq_4_root"
    # Whole or not at all: an interrupted one is begun anew.
    rm -rf "$folder"
    mkdir "$folder"
    debootstrap --variant=minbase trixie "$new" </dev/null >"$log" 2>&1 || fail "debootstrap failed, see $log"
    unshare --mount sh -c '
        mount --make-rprivate / && mount --rbind /proc "$1/proc" && mount --rbind /dev "$1/dev" \
            && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive chroot "$1" \
                apt-get -y -q install --no-install-recommends rabbitmq-server' sh "$new" \
        </dev/null >>"$log" 2>&1 || fail "RabbitMQ 4 could not be installed, see $log"
    cp /etc/hosts "$new/etc/hosts"
    mv "$new" "$rabbitmq_4_root"
}

# The version of the RabbitMQ that is installed here: 3.10.8, 4.0.5.
rabbitmq_version() { dpkg-query -W -f '${Version}' rabbitmq-server | sed 's/[-+].*//'; }

# require_python: a Python with the Lambda runtime client and the clients the tests and examples use, at $python.
require_python() {
    python=$python_folder/bin/python
    local wanted='awslambdaric boto3 pika aio-pika'
    if [ "$(cat "$python_folder/installed" 2>/dev/null)" = "$wanted" ] && "$python" -c 'import awslambdaric, boto3, pika, aio_pika' \
        2>/dev/null; then
        return 0
    fi
    command -v python3 >/dev/null || require_packages python3
    python3 -c 'import ensurepip' 2>/dev/null || require_packages python3-venv
    python3 -c 'import ensurepip' 2>/dev/null \
        || fail "$(command -v python3) cannot make a virtual environment (module ensurepip is missing)"
    say "installing $wanted into $python_folder"
    python3 -m venv --clear "$python_folder" || fail "python3 -m venv $python_folder failed"
    local pip=("$python" -m pip install --quiet --disable-pip-version-check)
    # awslambdaric has a C++ part. Where no wheel fits this Python and machine, pip compiles it, which takes more tools.
    if ! "${pip[@]}" --only-binary awslambdaric $wanted </dev/null >&2; then
        say "no ready awslambdaric for this machine: compiling it"
        require_packages g++ make cmake autoconf automake libtool unzip python3-dev
        "${pip[@]}" $wanted </dev/null >&2 || fail "pip could not install $wanted"
    fi
    echo "$wanted" >"$python_folder/installed"
}

# require_aws_cli: AWS's command line as $aws. Version 2 where there is a package of it, as on Debian; the options of the two
# differ, and PyPI has version 1 only.
require_aws_cli() {
    for aws in aws /usr/bin/aws; do
        [[ $("$aws" --version 2>/dev/null) != aws-cli/2* ]] || return 0
    done
    require_packages awscli
    aws=/usr/bin/aws
}

# bench_tools: builds the load generators that lie beside the project, if they do, and prints their folder.
bench_tools() {
    local source=$project/../shared/bench
    [ -f "$source/build.sh" ] || return 0
    require_packages gcc libc6-dev
    BENCH_BIN=$project/.build/bench bash "$source/build.sh" >&2 || fail "building $source failed"
    echo "$project/.build/bench"
}

# accepts HOST PORT: whether something listens there.
accepts() { (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null; }

# free_port: a port nobody listens on, below the range from which the kernel takes those of outgoing connections.
free_port() { free_ports 1; }

# free_ports COUNT: as many, which differ. They are not taken before somebody listens, so that two draws may be the same.
free_ports() {
    local ports=() port
    while [ ${#ports[@]} -lt "$1" ]; do
        port=$((10240 + RANDOM % 9000))
        [[ " ${ports[*]} " == *" $port "* ]] || accepts 127.0.0.1 "$port" || ports+=("$port")
    done
    echo "${ports[*]}"
}

# wait_until SECONDS COMMAND…: repeats the command until it succeeds.
wait_until() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.1
    done
}

# stop_process PID [SECONDS]: SIGTERM, then SIGKILL when it is still there after that time (10 s).
stop_process() {
    kill -TERM "$1" 2>/dev/null || return 0
    local end=$((SECONDS + ${2:-10}))
    while kill -0 "$1" 2>/dev/null; do
        [ $SECONDS -lt $end ] || { kill -KILL "$1" 2>/dev/null; break; }
        sleep 0.05
    done
    wait "$1" 2>/dev/null || true
}
