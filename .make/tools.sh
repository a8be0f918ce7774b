#!/usr/bin/env bash
# What the build needs, and what the tests and the stories with other SIP stacks need besides. Says what is missing and how to get
# it; on Debian and Ubuntu installs it, with sudo when not root, after saying so. Usage: tools.sh build | test | interop
set -euo pipefail
want=${1:-build}
say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }

missing=()
have cc || have gcc || have clang || missing+=(gcc)
have c++ || have g++ || have clang++ || missing+=(g++)
have cmake || missing+=(cmake)
have make || missing+=(make)
if [ "$want" = interop ]; then
  have sipp || missing+=(sip-tester)
  have baresip || missing+=(baresip)
  have linphonec || missing+=(linphone-cli)
  have kamailio || missing+=(kamailio)
  ls /usr/lib/*/kamailio/modules/tls.so >/dev/null 2>&1 || missing+=(kamailio-tls-modules)
  have openssl || missing+=(openssl)
  have python3 || missing+=(python3)
  python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)
fi
if [ "$want" = test ]; then
  have sipp || missing+=(sip-tester)
  have baresip || missing+=(baresip)
  have chromium || have google-chrome || missing+=(chromium fonts-liberation)
  ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing+=(postgresql)
  have curl || missing+=(curl)
  have python3 || missing+=(python3)
fi

if [ ${#missing[@]} -gt 0 ]; then
  if have apt-get; then
    sudo=""
    [ "$(id -u)" = 0 ] || sudo=sudo
    say "Missing: ${missing[*]}. Installing with: $sudo apt-get install ${missing[*]}"
    $sudo apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 "${missing[@]}" >&2
  else
    say "Missing: ${missing[*]}. Install them with your system's package manager, then try again."
    exit 2
  fi
fi

if ! have cargo; then
  say "Rust is missing. Install it with rustup (https://rustup.rs), version 1.90 or newer, then try again."
  exit 2
fi
if ! have node || [ "$(node -p 'process.versions.node.split(".")[0]')" -lt 20 ]; then
  say "Node.js 20 or newer is missing. Install it from https://nodejs.org or your system's packages, then try again."
  exit 2
fi
