#!/bin/bash
# Stops what `make up` has started, and what still runs of what was executed on it, and removes all of it. May be
# repeated. Usage: scripts/down.sh [FOLDER], which is .proctor/ of the checkout
set -euo pipefail

scripts=$(cd "$(dirname "$0")" && pwd -P)
folder=${1:-$(dirname "$scripts")/.proctor}
. "$scripts/server/background.sh"

if [ ! -e "$folder" ]; then
    echo 'nothing is up'
    exit
fi
stop_executions "$folder/data"
for name in postgres redis; do
    if is_server "$folder/$name.pid"; then
        stop_server "$folder/$name.pid"
        echo "$name is stopped"
    fi
done
if is_cluster "$folder/cluster.pid"; then
    stop_cluster "$folder/cluster.pid"
    echo 'the cluster is stopped'
fi
servers=$(readlink "$folder/servers" || true)
[ -z "$servers" ] || rm -rf "$servers"
rm -rf "$folder"
echo 'what they held is removed'
