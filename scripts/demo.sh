#!/bin/bash
# Shows Proctor from publishing a proc to its live log, on a service and a folder of its own, and checks what it
# shows. Leaves nothing behind, however it ends. Usage: scripts/demo.sh FOLDER_WITH_THE_BINARIES
set -euo pipefail

binaries=$(cd "$1" && pwd -P)
procs=$(cd "$(dirname "$0")/../procs" && pwd -P)
PATH=$binaries:$PATH

# The caller's own settings must not change what is shown.
unset EMAIL_ID ACCESS_TOKEN "${!PROCTOR_@}"

folder=$(cd "$(mktemp -d -t proctor-demo.XXXXXX)" && pwd -P)
service=
passed=
: >"$folder/service.log"

say() { printf '\n# %s\n' "$*"; }

fail() {
    printf '\ndemo: %s\n' "$*" >&2
    exit 1
}

# Shows a command as it would be typed, then runs it.
run() {
    printf '\n$ %s\n' "$*"
    "$@"
}

is_alive() { [ -n "$1" ] && kill -0 "$1" 2>/dev/null; }

# Waits for a condition, half a minute at most.
within_30_seconds() {
    local tries=300
    until "$@"; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        sleep 0.1
    done
}

serves_or_has_ended() { grep -q 'serves http://' "$folder/welcome" || ! is_alive "$service"; }

# The service is our child: once it has ended, `kill -0` still finds it until it is waited for.
has_ended() { [ ! -e "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null; }

stop_service() {
    local pid=$service code=0
    service=
    kill -TERM "$pid" 2>/dev/null || true
    within_30_seconds has_ended "$pid" || kill -KILL "$pid"
    wait "$pid" || code=$?
    return "$code"
}

# Executions outlive their service on purpose. Each has a shim in a folder of ours that bears its pid.
stop_executions() {
    local record pid
    for record in "$folder"/data/executions/*/shim.json; do
        [ -e "$record" ] || continue
        pid=$(sed -n 's/.*"pid":\([0-9]*\).*/\1/p' "$record")
        if [ -n "$pid" ] && grep -qaF "$folder" "/proc/$pid/cmdline" 2>/dev/null; then
            kill -TERM "$pid" 2>/dev/null || true
            within_30_seconds has_ended "$pid" || kill -KILL "$pid" 2>/dev/null || true
        fi
    done
}

clean_up() {
    local code=$?
    trap - EXIT
    set +e
    [ -z "$service" ] || stop_service
    stop_executions
    if [ -z "$passed" ]; then
        [ "$code" -ne 0 ] || code=1
        printf '\nThe demo failed with exit code %s. The log of the service:\n' "$code" >&2
        cat "$folder/service.log" >&2
    fi
    rm -rf "$folder"
    exit "$code"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

say 'A service with nothing installed: SQLite, local processes, loopback, a free port.'
printf '\n$ proctord dev --data-dir %s\n' "$folder/data"
: >"$folder/welcome"
PROCTOR_APP_PORT=0 proctord dev --data-dir "$folder/data" \
    >"$folder/welcome" 2>"$folder/service.log" </dev/null &
service=$!
within_30_seconds serves_or_has_ended || fail 'the service did not begin to serve in time'
is_alive "$service" || fail 'the service ended instead of serving'
head -n 1 "$folder/welcome"

PROCTOR_HOST=$(sed -n 's|.*serves http://\([^ ]*\).*|\1|p' "$folder/welcome")
export PROCTOR_HOST
export LOCAL_CONFIG_DIR=$folder/config
mkdir "$LOCAL_CONFIG_DIR"
printf '\n$ export PROCTOR_HOST=%s\n' "$PROCTOR_HOST"

say 'Three procs: a folder each, with a metadata.json and a script.'
cd "$procs"
run proctor publish say-hello count-down fail-on-purpose
run proctor list
run proctor describe say-hello

say 'A secret goes in by standard input and never comes out.'
printf '\n$ head -c 16 /dev/urandom | base64 | proctor secret set say-hello SIGNING_KEY\n'
head -c 16 /dev/urandom | base64 | proctor secret set say-hello SIGNING_KEY

say 'Execute: the log as it is written, on standard output.'
nonce=$(od -An -N8 -tx1 /dev/urandom | tr -d ' \n')
run proctor execute say-hello WHO="$nonce" | tee "$folder/say-hello.out"
grep -qF "Hello, $nonce!" "$folder/say-hello.out" || fail "the log does not have $nonce"
printf '\nThe nonce %s came out of the log.\n' "$nonce"

say 'A log is live: each line comes as it is written.'
run proctor execute count-down SECONDS_LEFT=3

say 'The exit code of a proc is the exit code of the command.'
code=0
run proctor execute fail-on-purpose EXIT_CODE=42 || code=$?
printf '\n$ echo $?\n%s\n' "$code"
[ "$code" -eq 42 ] || fail "the exit code is $code, not 42"

say 'What runs long is left to itself, looked at, and stopped.'
printf '\n$ id=$(proctor execute --detach -o name count-down SECONDS_LEFT=600)\n'
id=$(proctor execute --detach -o name count-down SECONDS_LEFT=600)
run proctor status "$id"
run proctor stop "$id"
run proctor history
proctor history -o json --status STOPPED | grep -qE "\"id\": ?$id\b" || fail "execution $id is not STOPPED"

say 'The service stops at SIGTERM.'
stop_service || fail 'the service did not stop cleanly'

passed=yes
printf '\nThe demo passed.\n'
