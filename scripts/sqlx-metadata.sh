#!/bin/bash
# Writes proctord/.sqlx anew: what a Postgres with our migrations says of each query that is checked when it is
# compiled. Uses a server of its own, which goes when this script ends.
set -euo pipefail
cd "$(dirname "$0")/.."

coproc SERVER { SERVER_PASSWORD=metadata exec scripts/server.sh postgres fsync=off; }
read -r _ host port _ <&"${SERVER[0]}"
url=postgres://proctor:metadata@$host:$port/postgres

for step in migrations/postgres/*.up.sql; do
    psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 --single-transaction --file "$step" "$url"
done

fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
# The macros run only where something is compiled.
touch proctord/src/lib.rs
SQLX_OFFLINE=false SQLX_OFFLINE_DIR=$fresh PROCTOR_SQLX_DATABASE_URL=$url \
    cargo check --release --package proctord --lib
rm -rf proctord/.sqlx
mkdir proctord/.sqlx
mv "$fresh"/query-*.json proctord/.sqlx/
echo "proctord/.sqlx has $(find proctord/.sqlx -type f | wc -l) queries"
