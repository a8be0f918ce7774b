#!/usr/bin/env bash
# Mixed load for SOAK_MINUTES (30) with memory, descriptors and threads watched; fails when they grow. CENTRALITA_BIN as in
# bench.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
.make/tools.sh test
if [ -z "${CENTRALITA_BIN:-}" ]; then
  .make/console.sh
  cargo build --release --bin centralita
fi
export PYTHONDONTWRITEBYTECODE=1
exec python3 tests/bench/soak.py
