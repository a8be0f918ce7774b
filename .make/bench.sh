#!/usr/bin/env bash
# What a call and a console cost, as a table and in target/bench/*.json. SCALE=0.1 (about seven minutes) by default, SCALE=1 for
# full length. Arguments choose areas: calls, handout, media, signalling, survival,
# console, simulation, matching. CENTRALITA_BIN measures another build and builds nothing;
# BENCH_RATE is where the search for the highest rate begins (250 calls a second).
set -euo pipefail
cd "$(dirname "$0")/.."
.make/tools.sh test
if [ -z "${CENTRALITA_BIN:-}" ]; then
  .make/console.sh
  cargo build --release --bin centralita
fi
export PYTHONDONTWRITEBYTECODE=1
exec python3 tests/bench/bench.py "$@"
