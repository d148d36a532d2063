#!/bin/bash
# Installs what the tests and `make up` run privately, Postgres, Redis and a mail server, as Debian packages, if they are
# missing. Neither is started by this, and neither is set up to be started by the machine. With them comes libfaketime,
# by which a test gives one process a clock of its own; tests do without it where it cannot be installed.
set -euo pipefail

has_postgres() { compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; }
has_faketime() { compgen -G '/usr/lib/*/faketime/libfaketimeMT.so.1' >/dev/null; }
may_install() {
    command -v apt-get >/dev/null && { [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null; }
}

missing=()
has_postgres || missing+=(postgresql)
command -v redis-server >/dev/null || missing+=(redis-server)
/usr/bin/python3 -c "import aiosmtpd" 2>/dev/null || missing+=(python3-aiosmtpd)
command -v openssl >/dev/null || missing+=(openssl)
has_faketime || ! may_install || missing+=(faketime)
if [ "${#missing[@]}" -eq 0 ]; then
    exit 0
fi

echo "missing: ${missing[*]}"
if ! command -v apt-get >/dev/null; then
    echo 'this is no Debian: install them by other means, Postgres below /usr/lib/postgresql/VERSION/bin' >&2
    exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    as_root=(sudo)
    command -v sudo >/dev/null || { echo 'installing them takes root, and there is no sudo' >&2; exit 1; }
fi

# Packages ask this file whether they may start their service; 101 means no. A file that is there stays.
policy=/usr/sbin/policy-rc.d
forbid_services() {
    [ ! -e "$policy" ] || return 0
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" install -m 0755 /dev/stdin "$policy"
    trap 'permit_services; exit 143' INT TERM HUP
    trap permit_services EXIT
}
permit_services() { "${as_root[@]}" rm -f "$policy"; }

# The Postgres package would make a database cluster; the configuration that forbids it has to be there first.
forbid_main_cluster() {
    local configuration=/etc/postgresql-common/createcluster.conf
    [ ! -e "$configuration" ] || return 0
    "${as_root[@]}" mkdir -p "${configuration%/*}"
    printf 'create_main_cluster = false\n' | "${as_root[@]}" install -m 0644 /dev/stdin "$configuration"
}

forbid_services
has_postgres || forbid_main_cluster
"${as_root[@]}" apt-get update
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive UCF_FORCE_CONFOLD=1 \
    apt-get install --yes --no-install-recommends -o Dpkg::Options::=--force-confold "${missing[@]}"
case " ${missing[*]} " in
    *' redis-server '*)
        ! command -v systemctl >/dev/null || "${as_root[@]}" systemctl disable redis-server.service || true
        ;;
esac
