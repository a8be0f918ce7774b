#!/usr/bin/env bash
# Installs exactly what a folder's package-lock.json names. Usage: packages.sh FOLDER
set -euo pipefail
cd "$1"
if ! npm ci --no-audit --no-fund --loglevel=error; then
  echo "npm could not install the packages of $PWD (its words are above)." >&2
  echo "Either the package registry cannot be reached, or package.json and package-lock.json disagree: then run \`npm install\` there and commit package-lock.json." >&2
  exit 1
fi
