#!/usr/bin/env bash
# Fuzzes what reads the wires, one target after the other, FUZZ_SECONDS (60) each; targets as arguments, all of them without. An
# input that fails is kept in tests/fuzz/artifacts. The stable compiler will do, with its experimental switches on.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! command -v cargo-fuzz >/dev/null 2>&1; then
  echo "cargo-fuzz is missing: install it with 'cargo install cargo-fuzz'." >&2
  exit 2
fi
export RUSTC_BOOTSTRAP=1
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(cargo fuzz list --fuzz-dir tests/fuzz)
for target in "${targets[@]}"; do
  # What a run finds goes to target/, so that the small corpus of the repository stays small.
  found=target/fuzz-corpus/$target
  mkdir -p "$found"
  inputs=("$found" "tests/fuzz/corpus/$target")
  case $target in sip_*) inputs+=(tests/captures/sip/rfc4475 tests/captures/sip/rfc5118) ;; esac
  printf '\n== %s for %s s\n' "$target" "${FUZZ_SECONDS:-60}"
  # Without AddressSanitizer: the targets hold no unsafe code, and a panic is what is looked for.
  cargo fuzz run --fuzz-dir tests/fuzz --target-dir target/fuzz -s none "$target" "${inputs[@]}" -- \
    -max_total_time="${FUZZ_SECONDS:-60}" -max_len=8192 -timeout=10 -rss_limit_mb=1024 -print_final_stats=1
done
