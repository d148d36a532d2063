#!/bin/bash
# Runs one private Postgres, Redis or Redis Sentinel for a test or a trial, on a free loopback port and in a
# folder of its own. It lives as long as somebody holds our standard input: when that ends, and at TERM, INT or
# HUP, the server and its folder go. What a killed run left behind is removed by the next one.
#
# Usage: server.sh postgres|redis|sentinel [--in DIR] [--tls CERT KEY] [SETTING...]
#
#   --in DIR        makes the folder in DIR, such as a small file system, and not in $TMPDIR or /tmp
#   --tls CERT KEY  files in PEM; then Redis takes TLS alone, Postgres both
#   SETTING         Postgres: name=value; Redis and Sentinel: a line of the configuration file
#   SERVER_PASSWORD in the environment: of the Postgres superuser `proctor`, or of Redis
#
# Standard output has a line when the server is ready, `ready HOST PORT PID FOLDER`, and one for each word that is
# then read from standard input:
#
#   stop (stopped)    ends the server in good order       start (ready ...)  starts it on the same port and data
#   kill (killed)     kills every process of it           pause, resume (paused, resumed)  freezes it
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd -P)
kind=${1:?postgres, redis or sentinel}
shift
place=${TMPDIR:-/tmp}
certificate='' key=''
settings=()
while [ "$#" -gt 0 ]; do
    case $1 in
        --in) place=$2; shift 2 ;;
        --tls) certificate=$2 key=$3; shift 3 ;;
        *) settings+=("$1"); shift ;;
    esac
done
case $kind in
    postgres) . "$here/server/postgres.sh" ;;
    redis | sentinel) . "$here/server/redis.sh" ;;
    *) echo "server.sh: there is no server '$kind'" >&2; exit 2 ;;
esac
. "$here/server/processes.sh"

folder='' server='' port='' lock=''

fail() {
    echo "server.sh: $*" >&2
    [ ! -e "$folder/log" ] || tail -n 20 "$folder/log" >&2
    exit 1
}

# A folder that is held by a lock as long as we live. The lock gets its name when it is held, so that nobody
# takes a folder for abandoned that is just being made.
make_folder() {
    folder=$(mktemp -d "$place/proctor-server.XXXXXXXX")
    chmod 0711 "$folder"
    exec {lock}>"$folder/lock.new"
    flock --nonblock "$lock"
    mv "$folder/lock.new" "$folder/lock"
}

# Removes what is left of a server whose processes are gone. A killed Postgres leaves its shared memory segment
# to the machine; the seventh line of its file names it.
remove_folder() {
    local lines=() segment=()
    if [ -e "$1/data/postmaster.pid" ]; then
        mapfile -t lines <"$1/data/postmaster.pid"
        read -ra segment <<<"${lines[6]:-}"
        [ -z "${segment[1]:-}" ] || ipcrm --shmem-id "${segment[1]}" 2>/dev/null || true
    fi
    rm -rf "$1"
}

# What runs left behind that were killed. Nobody holds their locks, and their servers were killed with them.
remove_abandoned() {
    local old held
    for old in "$place"/proctor-server.*; do
        [ -e "$old/lock" ] && [ ! -L "$old" ] && [ -O "$old" ] || continue
        exec {held}<"$old/lock"
        if flock --nonblock "$held"; then
            remove_folder "$old"
        fi
        exec {held}<&-
    done
}

# Starts the server on $port and waits until it serves or has ended.
launch() {
    local begin=0
    [ ! -e "$folder/log" ] || begin=$(stat -c %s "$folder/log")
    (
        exec {lock}>&-
        exec "${command[@]}" </dev/null >>"$folder/log" 2>&1
    ) &
    server=$!
    until is_ready "$begin"; do
        if has_ended "$server"; then
            wait "$server" || true
            server=''
            return 1
        fi
        sleep 0.02
    done
    printf 'ready 127.0.0.1 %s %s %s\n' "$port" "$server" "$folder"
}

# The first start. Ports are tried below those that the kernel gives to clients.
launch_on_free_port() {
    local tries
    for tries in {1..50}; do
        port=$((10000 + RANDOM % 22000))
        configure
        if launch; then
            return
        fi
        grep -q 'Address already in use' "$folder/log" || break
        : >"$folder/log"
    done
    fail "$kind did not start:"
}

# Nothing may interrupt this. The kernel itself sends HUP to a group whose starter is gone while it halts a member.
clean_up() {
    trap - EXIT
    trap '' TERM INT HUP
    set +e
    [ -z "$server" ] || kill_server
    [ -z "$folder" ] || remove_folder "$folder"
}
trap clean_up EXIT
trap 'exit 143' TERM INT HUP

remove_abandoned
make_folder
prepare
launch_on_free_port
while read -r word; do
    case $word in
        start) launch || fail "$kind did not start again on port $port:" ;;
        stop) stop_server; echo stopped ;;
        kill) kill_server; echo killed ;;
        pause) signal_server STOP; echo paused ;;
        resume) signal_server CONT; echo resumed ;;
        *) fail "'$word' is none of start, stop, kill, pause, resume" ;;
    esac
done
exit 0
