#!/bin/bash
# Starts a Postgres, a Redis and a double of a Kubernetes cluster to try production mode with, in the background, and
# says how proctord finds them. The double's containers are processes of this machine. They keep running until `make down`, which removes everything.
# Usage: scripts/up.sh FOLDER_WITH_THE_BINARIES [FOLDER], which is .proctor/ of the checkout
set -euo pipefail

binaries=$(cd "$1" && pwd -P)
scripts=$(cd "$(dirname "$0")" && pwd -P)
folder=${2:-$(dirname "$scripts")/.proctor}
. "$scripts/server/background.sh"

new_password() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }

# Starts a server that takes orders from a pipe which we leave open in its own hands, so that it outlives us.
start() {
    local name=$1 file pid
    file=$folder/$name
    mkfifo -m 0600 "$file.pipe"
    : >"$file.ready"
    SERVER_PASSWORD=$2 setsid "$scripts/server.sh" "$name" --in "$servers" \
        <>"$file.pipe" >"$file.ready" 2>"$file.log" &
    pid=$!
    echo "$pid" >"$file.pid"
    # Asked of the shell, which knows its child before that has become the script.
    until [ -s "$file.ready" ]; do
        kill -0 "$pid" 2>/dev/null || { cat "$file.log" >&2; echo "up: $name did not start" >&2; exit 1; }
        sleep 0.05
    done
    # ready HOST PORT PID FOLDER
    read -r _ host port _ <"$file.ready"
}

# Starts the double of a cluster; its images are the sample procs.
start_cluster() {
    local file=$folder/cluster pid
    : >"$file.ready"
    (cd "$folder" && exec setsid "$binaries/kubernetes-double" --kubeconfig kubeconfig \
        --images "$(dirname "$scripts")/procs") </dev/null >"$file.ready" 2>"$file.log" &
    pid=$!
    echo "$pid" >"$file.pid"
    until [ -s "$file.ready" ]; do
        kill -0 "$pid" 2>/dev/null || { cat "$file.log" >&2; echo 'up: the cluster did not start' >&2; exit 1; }
        sleep 0.05
    done
}

# What proctord needs, to be read by a shell.
write_variables() {
    local path=$folder/variables.new
    (umask 077 && cat >"$path") <<END
export PATH='$binaries':"\$PATH"
export PROCTOR_DATABASE_URL='postgres://proctor:$postgres_password@$postgres_address/postgres'
export PROCTOR_REDIS_ADDRESS='$redis_address'
export PROCTOR_REDIS_PASSWORD='$redis_password'
export PROCTOR_SECRET_KEYS='trial:$(head -c 32 /dev/urandom | base64 | tr -d '\n')'
export PROCTOR_RUNNER='local'
export PROCTOR_KUBE_CONFIG='$folder/kubeconfig'
export PROCTOR_DATA_DIR='$folder/data'
END
    mv "$path" "$folder/variables"
}

tell() {
    cat "$folder/variables"
    cat <<END

# Postgres, Redis and a double of a cluster are running. The lines above are in a file:
#
#   . $folder/variables
#   proctord migrate
#   proctord start
#
# With PROCTOR_RUNNER=kubernetes it runs Jobs: kubectl --kubeconfig $folder/kubeconfig get jobs
# make down stops them and removes what they hold.
END
}

if [ -e "$folder/variables" ] && is_server "$folder/postgres.pid" && is_server "$folder/redis.pid" \
    && is_cluster "$folder/cluster.pid"; then
    tell
    exit
fi
# What is left of an earlier time, when the machine went down or one of them ended.
if [ -e "$folder/variables" ]; then
    echo 'up: what was up before has ended, and what it held is gone: read the variables again, restart proctord' >&2
fi
"$scripts/down.sh" "$folder" >/dev/null
mkdir -m 0711 "$folder"
servers=$(mktemp -d "${TMPDIR:-/tmp}/proctor-up.XXXXXXXX")
chmod 0711 "$servers"
ln -s "$servers" "$folder/servers"
trap '"$scripts/down.sh" "$folder" >/dev/null' EXIT
trap 'exit 143' TERM INT HUP
postgres_password=$(new_password)
start postgres "$postgres_password"
postgres_address=$host:$port
redis_password=$(new_password)
start redis "$redis_password"
redis_address=$host:$port
start_cluster
write_variables
trap - EXIT
tell
