# The processes of a server, for server.sh: what they are, and how they are stopped. $server is the first of them.

# The process is our child: once it has ended, it is there as a zombie until it is waited for.
has_ended() { [ ! -e "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null; }

# A process and all that come from it, itself first.
family() {
    local child
    echo "$1"
    for child in $(cat "/proc/$1/task/$1/children" 2>/dev/null); do
        family "$child"
    done
}

# Signals every process of the server. The first one is halted meanwhile, so that it makes no new ones.
signal_server() {
    local processes
    kill -STOP "$server"
    processes=$(family "$server")
    # Some may have ended by themselves.
    kill "-$1" $processes 2>/dev/null || true
}

# Its children are not ours: as long as one of them has not gone, a Postgres would not start again.
kill_server() {
    local processes process
    processes=$(family "$server")
    signal_server KILL 2>/dev/null || true
    wait "$server" 2>/dev/null || true
    for process in $processes; do
        until has_ended "$process"; do sleep 0.01; done
    done
    server=''
}

# Ends the server as its users would, within half a minute.
stop_server() {
    local tries
    kill "-$stop_signal" "$server"
    for tries in {1..1500}; do
        if has_ended "$server"; then
            wait "$server" || true
            server=''
            return
        fi
        sleep 0.02
    done
    fail "$kind did not stop:"
}
