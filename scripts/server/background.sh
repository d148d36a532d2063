# What runs in the background, for up.sh and down.sh: servers, a file each with the process id of its script, and
# executions, which outlive their proctord on purpose.

# Whether the script lives. The number may be another process's by now.
is_server() {
    local pid
    pid=$(cat "$1" 2>/dev/null) && [ -n "$pid" ] || return 1
    tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF "$scripts/server.sh"
}

# Whether the double of a cluster lives, which is no script.
is_cluster() {
    local pid
    pid=$(cat "$1" 2>/dev/null) && [ -n "$pid" ] || return 1
    tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF "kubernetes-double"
}

# Has the double end, and its containers with it, within half a minute.
stop_cluster() {
    local tries
    kill -TERM "$(cat "$1")"
    for tries in {1..600}; do
        is_cluster "$1" || return 0
        sleep 0.05
    done
    echo "down: process $(cat "$1") does not end" >&2
    return 1
}

# Has the script stop its server and remove its folder, within half a minute.
stop_server() {
    local tries
    kill -TERM "$(cat "$1")"
    for tries in {1..600}; do
        is_server "$1" || return 0
        sleep 0.05
    done
    echo "down: process $(cat "$1") does not end" >&2
    return 1
}

# Asks the shims of a data folder to end what they stand by.
stop_executions() {
    local record pid
    for record in "$1"/executions/*/shim.json; do
        [ -e "$record" ] || continue
        pid=$(sed -n 's/.*"pid":\([0-9]*\).*/\1/p' "$record")
        if [ -n "$pid" ] && grep -qaF "${record%/*}" "/proc/$pid/cmdline" 2>/dev/null; then
            kill -TERM "$pid" 2>/dev/null || true
            echo "execution ${record%/*} is stopped"
        fi
    done
}
