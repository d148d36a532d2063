# Postgres, for server.sh: how it is set up, started, and known to be ready.

# In good order, and without waiting for clients.
stop_signal=INT

# Postgres refuses to run as root.
as_owner=(setpriv --pdeathsig KILL)
owner=()
if [ "$(id -u)" -eq 0 ]; then
    as_owner+=(--reuid postgres --regid postgres --init-groups)
    owner=(-o postgres -g postgres)
fi

# The newest of those that are installed.
programs=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
[ -x "$programs/initdb" ] || { echo 'server.sh: Postgres is missing: scripts/install-servers.sh' >&2; exit 1; }

# Names are collated by language, as in most databases out there: whoever wants byte order has to say so.
prepare() {
    : "${SERVER_PASSWORD:?the password of the superuser}"
    install -d -m 0700 "${owner[@]}" "$folder/data"
    printf '%s' "$SERVER_PASSWORD" | install -m 0600 "${owner[@]}" /dev/stdin "$folder/password"
    (
        cd "$folder"
        exec "${as_owner[@]}" "$programs/initdb" --pgdata "$folder/data" --username proctor --pwfile "$folder/password" \
            --auth scram-sha-256 --encoding UTF8 --locale C.UTF-8 --locale-provider icu --icu-locale en \
            --no-sync --no-instructions </dev/null >"$folder/log" 2>&1
    ) || fail 'initdb failed (can the user postgres reach the folder?):'
    rm "$folder/password"
    if [ -n "$certificate" ]; then
        install -m 0600 "${owner[@]}" "$certificate" "$folder/data/server.crt"
        install -m 0600 "${owner[@]}" "$key" "$folder/data/server.key"
        settings=(ssl=on "${settings[@]}")
    fi
}

# Shared memory is kept in the folder, so that it goes with it.
configure() {
    local setting
    command=("${as_owner[@]}" env -u SERVER_PASSWORD "$programs/postgres" -D "$folder/data" -p "$port"
        -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c dynamic_shared_memory_type=mmap)
    for setting in "${settings[@]}"; do
        command+=(-c "$setting")
    done
}

# The file begins with the process id; its eighth line is the state.
is_ready() {
    local lines=()
    mapfile -t lines 2>/dev/null <"$folder/data/postmaster.pid" || return 1
    [ "${lines[0]:-}" = "$server" ] && [[ ${lines[7]:-} == ready* ]]
}
