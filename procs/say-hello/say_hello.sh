#!/bin/sh
# Greets WHO, and proves with a checksum that it had the secret, without showing it.
set -eu

line="$GREETING, $WHO!"
if [ "$SHOUT" = true ]; then
    line=$(printf '%s' "$line" | tr '[:lower:]' '[:upper:]')
fi

count=0
while [ "$count" -lt "$TIMES" ]; do
    printf '%s\n' "$line"
    count=$((count + 1))
done

signature=$(printf '%s%s' "$SIGNING_KEY" "$line" | cksum | cut -d ' ' -f 1)
printf 'Signed by execution %s: %s\n' "$EXECUTION_ID" "$signature"
