#!/bin/sh
# Counts down to zero; tidies up when it is stopped.
set -eu

trap 'echo "Stopped with $left to go"; exit 143' TERM

left=$SECONDS_LEFT
while [ "$left" -gt 0 ]; do
    printf '%s\n' "$left"
    # In the background, so that a stop does not have to wait for the second to pass.
    sleep 1 &
    wait $!
    left=$((left - 1))
done
echo 'Lift-off!'
