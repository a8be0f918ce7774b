#!/usr/bin/env bash
# SIP stacks of others against the server: one line for each story, passed or failed. Arguments choose areas (interop.py --help).
# CENTRALITA_BIN tries another build and builds nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
.make/tools.sh interop
if [ -z "${CENTRALITA_BIN:-}" ]; then
  .make/console.sh
  cargo build --all-targets
  export CENTRALITA_BIN=$PWD/target/debug/centralita
fi
export PYTHONDONTWRITEBYTECODE=1
exec python3 tests/interop/interop.py "$@"
