#!/usr/bin/env bash
# Pictures of every screen in web-console/e2e/screenshots: both languages in both themes, longer texts, narrow windows. Each is
# checked as in the tests, and all four looks by axe too.
set -euo pipefail
cd "$(dirname "$0")/.."
.make/tools.sh test
.make/console.sh
cargo build --bin centralita
cd web-console
export PICTURES=1 CENTRALITA_BIN="$PWD/../target/debug/centralita"
CHROMIUM_BIN=$(command -v chromium || command -v google-chrome)
export CHROMIUM_BIN
npx playwright test e2e/screens e2e/calls/recordings.tone.spec.ts e2e/calls/signalling.spec.ts
echo "The pictures lie in web-console/e2e/screenshots."
