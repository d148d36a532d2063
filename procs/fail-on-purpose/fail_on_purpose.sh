#!/bin/sh
# Says MESSAGE on standard error and fails with EXIT_CODE.
set -eu

printf '%s\n' "$MESSAGE" >&2
exit "$EXIT_CODE"
