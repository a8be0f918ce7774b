#!/usr/bin/env bash
# Builds the web console into web-console/dist, only when its sources changed since the last build.
set -euo pipefail
cd "$(dirname "$0")/../web-console"
stamp=dist/.built-from
sources=$(git ls-files -co --exclude-standard . 2>/dev/null | LC_ALL=C sort | xargs -d '\n' sha256sum 2>/dev/null | sha256sum | cut -d' ' -f1)
lock=$(sha256sum package-lock.json | cut -d' ' -f1)
if [ "$(cat node_modules/.installed-from 2>/dev/null)" != "$lock" ]; then
  echo "console: installing its packages"
  ../.make/packages.sh .
  echo "$lock" >node_modules/.installed-from
fi
if [ "$(cat $stamp 2>/dev/null)" = "$sources" ]; then
  echo "console: up to date"
  exit 0
fi
echo "console: building"
npm run --silent build
echo "$sources" >$stamp
