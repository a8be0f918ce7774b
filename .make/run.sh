#!/usr/bin/env bash
# From a checkout to a running sample centre. Arguments go to `centralita demo`.
set -euo pipefail
cd "$(dirname "$0")/.."
step() { printf '\033[1m[%s] %s\033[0m\n' "$1" "$2"; }
began=$SECONDS
step 1/4 "Looking for what the build needs"
.make/tools.sh build
step 2/4 "Building the console (web-console)"
.make/console.sh
step 3/4 "Building the server (release; a first build takes some minutes)"
cargo build --release --bin centralita
step 4/4 "Starting, $((SECONDS - began)) s after you asked"
exec target/release/centralita demo "$@"
