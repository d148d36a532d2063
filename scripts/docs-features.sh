#!/bin/bash
# Writes docs/features.md to stdout: every command of the command line with what it really prints, run against a
# service and a folder of its own. Whatever differs from run to run (ids, times, addresses, folders) is replaced.
# Usage: scripts/docs-features.sh FOLDER_WITH_THE_BINARIES
set -euo pipefail

binaries=$(cd "$1" && pwd -P)
PATH=$binaries:$PATH
unset EMAIL_ID ACCESS_TOKEN NO_COLOR "${!PROCTOR_@}"
export LC_ALL=C.UTF-8

folder=$(cd "$(mktemp -d -t proctor-features.XXXXXX)" && pwd -P)
service=

within_30_seconds() {
    local tries=300
    until "$@"; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        sleep 0.1
    done
}

has_ended() { [ ! -e "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null; }

clean_up() {
    local code=$?
    trap - EXIT
    set +e
    if [ -n "$service" ]; then
        kill -TERM "$service" 2>/dev/null
        within_30_seconds has_ended "$service" || kill -KILL "$service"
        wait "$service"
    fi
    [ "$code" -eq 0 ] || cat "$folder/service.log" >&2
    rm -rf "$folder"
    exit "$code"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# Everything that is another in each run.
normalise() {
    sed -E \
        -e "s|$folder|/home/you|g" \
        -e "s|127\.0\.0\.1:[0-9]+|127.0.0.1:5001|g" \
        -e 's/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/5f0c7d1e-3b7a-4f6e-9a52-0c8f4a1d2b33/g' \
        -e 's/sha256:[0-9a-f]{64}/sha256:9f86d081…/g' \
        -e 's/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z/2026-11-20T10:00:00Z/g' \
        -e 's/\b[1-9][0-9]{14,15}\b/1234567890123456/g' \
        -e 's/ {2,}[0-9]+\.[0-9] s\b/     0.1 s/g' \
        -e 's/^(Signed by execution [0-9]+): .*/\1: 123456789/' \
        -e 's/^Stopped with [0-9]+ to go/Stopped with 600 to go/' \
        -e 's/[[:space:]]+$//'
}

title() { printf '\n%s\n' "$*"; }

# Shows a command as it is typed and what comes of it, on stdout and stderr alike, with its exit code if that is
# not 0.
shows() {
    local code=0
    printf '\n```console\n$ %s\n' "$(printf '%s' "$*" | normalise)"
    (cd "$folder" && bash -c "$*" 2>&1) >"$folder/output" || code=$?
    normalise <"$folder/output"
    [ "$code" -eq 0 ] || printf '(exit code %s)\n' "$code"
    printf '```\n'
}

mkdir "$folder/home"
export HOME=$folder/home
: >"$folder/service.log"
: >"$folder/welcome"
PROCTOR_APP_PORT=0 proctord dev --data-dir "$folder/data" >"$folder/welcome" 2>"$folder/service.log" &
service=$!
within_30_seconds grep -q 'serves http://' "$folder/welcome"
address=$(sed -nE 's|.*serves http://([0-9.]+:[0-9]+).*|\1|p' "$folder/welcome" | head -n 1)

cat <<'END'
# Every command, with what it prints

Written by `make docs-features`, which runs each command against a service of its own; a test runs it again and fails
when this page is stale. Ids, times and addresses are replaced by made-up ones. Answers and the proc's output go to
stdout, all else to stderr; here both are shown. `-o json` and `-o name` print the answer alone.
END

title '## config: say where the service is'
shows "proctor config PROCTOR_HOST=$address EMAIL_ID=you@example.org ACCESS_TOKEN=a=secret="
shows 'proctor config show'

title '## whoami: who the service takes you for'
shows 'proctor whoami'

title '## list: what can be run'
shows 'proctor list'
shows 'proctor list -o name'

title '## describe: what a proc does and takes'
shows 'proctor describe say-hello'

title '## secret: what a proc needs and its users never see'
shows 'proctor secret list say-hello'
shows 'printf s3cret-value | proctor secret set say-hello SIGNING_KEY'
shows 'proctor secret list say-hello -o json'

title '## execute: run a proc and follow its log'
shows 'proctor execute say-hello WHO=World TIMES=2'
title 'On a terminal, required args that are missing are asked for; elsewhere they are refused before anything is sent:'
shows 'proctor execute say-hello'
title 'Whatever is wrong with the args is told at once:'
shows 'proctor execute say-hello WHO=World TIMES=often COLOUR=red'
title "The exit code is the proc's own:"
shows 'proctor execute fail-on-purpose EXIT_CODE=42'

title '## template and execute -f: args from a file'
shows 'proctor template say-hello args.yaml'
shows 'cat args.yaml'
shows 'sed -i "s/^WHO:/WHO: file/" args.yaml && proctor execute say-hello -f args.yaml GREETING=Servus'

title '## execute --detach, status and stop'
id=$(proctor execute --detach -o name count-down SECONDS_LEFT=600)
printf '\n```console\n$ proctor execute --detach -o name count-down SECONDS_LEFT=600\n%s\n```\n' "$(normalise <<<"$id")"
runs() { proctor status "$id" -o json | grep -q '"status": "RUNNING"'; }
within_30_seconds runs
shows "proctor status $id -o name"
shows "proctor stop $id"
shows "proctor logs $id 2>/dev/null | tail -n 1"

title '## history: what was run'
shows 'proctor history --proc say-hello --limit 2'
shows 'proctor history --status stopped -o name'

title '## schedule: run a proc at times to come'
shows "TZ=America/New_York proctor schedule say-hello WHO=World -c '30 2 * * *' --time-zone Europe/Berlin --not-before 2036-03-29 -g ops -n you@example.org -T nightly"
schedule=$(proctor schedule list -o name)
title 'What is wrong is told before anything is sent:'
shows "proctor schedule say-hello -c '61 2 * * *' -g ops -n you@example.org -T nightly"
title 'The shorthand is `create`, which also takes a proc that is called like a command; here with one moment alone:'
shows 'proctor schedule create say-hello WHO=you --at 2036-12-24T18:00 --time-zone Europe/Berlin -g ops -n you@example.org -T once -o name'
shows 'proctor schedule list'
shows "proctor schedule describe $schedule"
shows "TZ=America/New_York proctor schedule next $schedule --count 2"
shows "proctor schedule pause $schedule"
shows "proctor schedule resume $schedule"
shows "TZ=America/New_York proctor schedule update $schedule TIMES=2 --overlap forbid"
shows "proctor schedule run $schedule"
shows "proctor schedule history $schedule"
shows "proctor schedule remove $schedule"

title '## audit: who did what'
shows 'proctor audit --action execution.stop'

title '## rerun: once more with the same args'
last=$(proctor history --proc say-hello --status succeeded --limit 1 -o name)
shows "proctor rerun $last"

title '## publish and unpublish'
mkdir "$folder/disk-space"
cat >"$folder/disk-space/metadata.yaml" <<'END'
name: disk-space
description: Tells how full a file system is
command: [./disk_space.sh]
env_vars: { args: [{ name: MOUNT, description: Any path on it, default: / }] }
END
printf '#!/bin/sh\ndf "$MOUNT" >/dev/null && echo "$MOUNT is there"\n' >"$folder/disk-space/disk_space.sh"
chmod +x "$folder/disk-space/disk_space.sh"
shows 'cat disk-space/metadata.yaml'
shows 'proctor publish disk-space'
shows 'proctor execute disk-space MOUNT=/tmp'
shows 'proctor unpublish disk-space'
shows 'proctor unpublish disk-space --yes'
shows 'proctor execute disk-space'
shows 'proctor secret rm say-hello SIGNING_KEY'

title '## completion: for your shell'
shows 'proctor completion bash | head -n 2'

title '## version and help'
shows 'proctor version'
shows 'proctor --help'
