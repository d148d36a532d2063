# Redis and Redis Sentinel, for server.sh: how they are set up, started, and known to be ready.

# In good order, with everything written.
stop_signal=TERM

command -v redis-server >/dev/null || { echo 'server.sh: Redis is missing: scripts/install-servers.sh' >&2; exit 1; }

prepare() { mkdir -m 0700 "$folder/data"; }

# Every write is in the append-only file before it is answered, so that a killed server has it again.
configure() {
    (
        umask 077
        {
            printf 'bind 127.0.0.1\ndir %s\n' "$folder/data"
            if [ -n "$certificate" ]; then
                printf 'port 0\ntls-port %s\ntls-auth-clients no\n' "$port"
                printf 'tls-cert-file %s\ntls-key-file %s\n' "$certificate" "$key"
            else
                printf 'port %s\n' "$port"
            fi
            [ "$kind" = sentinel ] || printf 'databases 4096\nappendonly yes\nsave ""\n'
            [ -z "${SERVER_PASSWORD:-}" ] || printf 'requirepass %s\n' "$SERVER_PASSWORD"
            [ "${#settings[@]}" -eq 0 ] || printf '%s\n' "${settings[@]}"
        } >"$folder/redis.conf"
    )
    command=(setpriv --pdeathsig KILL env -u SERVER_PASSWORD redis-server "$folder/redis.conf")
    [ "$kind" != sentinel ] || command+=(--sentinel)
}

# What it has said since it was started, told by where its log was then.
is_ready() {
    tail -c "+$(($1 + 1))" "$folder/log" 2>/dev/null | grep -q -e 'Ready to accept connections' -e 'Sentinel ID is'
}
