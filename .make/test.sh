#!/usr/bin/env bash
# All tests, stage by stage. Each stage's output goes to target/test-logs/<stage>.log and to the screen. The last line counts over
# all runners; the exit status says the same.
set -uo pipefail
cd "$(dirname "$0")/.."
logs=target/test-logs
mkdir -p $logs
rm -f $logs/*.log
passed=0 failed=0 skipped=0
times=""
failures=""
export CARGO_TERM_COLOR=never

# stage NAME COMMAND…: runs, shows, times. A stage without a runner's counts is one check.
stage() {
  local name=$1 began=$SECONDS status
  shift
  printf '\n== %s\n' "$name"
  "$@" </dev/null 2>&1 | tee "$logs/$name.log"
  status=${PIPESTATUS[0]}
  times+=$(printf '\n  %-12s %3d min %02d s' "$name" $(((SECONDS - began) / 60)) $(((SECONDS - began) % 60)))
  count "$name" "$status"
}

sum() { awk '{ total += $1 } END { print total + 0 }'; }

count() {
  local name=$1 status=$2 p f s
  case $name in
    rust*)
      p=$(sed -nE 's/^test result: .* ([0-9]+) passed; .*/\1/p' "$logs/$name.log" | sum)
      f=$(sed -nE 's/^test result: .* ([0-9]+) failed; .*/\1/p' "$logs/$name.log" | sum)
      s=$(sed -nE 's/^test result: .* ([0-9]+) ignored; .*/\1/p' "$logs/$name.log" | sum)
      ;;
    console-unit)
      p=$(sed -E 's/\x1b\[[0-9;]*m//g' "$logs/$name.log" | sed -nE 's/^ *Tests .* ([0-9]+) passed.*/\1/p' | tail -1)
      [ -n "$p" ] || p=$(sed -E 's/\x1b\[[0-9;]*m//g' "$logs/$name.log" | sed -nE 's/^ *Tests +([0-9]+) passed.*/\1/p' | tail -1)
      f=$(sed -E 's/\x1b\[[0-9;]*m//g' "$logs/$name.log" | sed -nE 's/^ *Tests +([0-9]+) failed.*/\1/p' | tail -1)
      s=0
      ;;
    browser*)
      p=$(sed -nE 's/^ +([0-9]+) passed.*/\1/p' "$logs/$name.log" | tail -1)
      f=$(sed -nE 's/^ +([0-9]+) failed.*/\1/p' "$logs/$name.log" | tail -1)
      s=$(sed -nE 's/^ +([0-9]+) (skipped|did not run).*/\1/p' "$logs/$name.log" | sum)
      ;;
    *) p=$([ "$status" = 0 ] && echo 1 || echo 0) f=0 s=0 ;;
  esac
  p=${p:-0} f=${f:-0} s=${s:-0}
  # A runner that stopped without counting a failure has failed all the same; one that counted nothing tested nothing.
  if [ "$status" != 0 ] && [ "$f" = 0 ]; then f=1; fi
  if [ "$p" = 0 ] && [ "$f" = 0 ]; then f=1; fi
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
  [ "$f" = 0 ] || failures+=" $name"
}

# What went wrong, in a few lines: whoever reads only the end of a long run learns it too.
complaints() {
  sed -E 's/\x1b\[[0-9;]*m//g' "$logs/$1.log" \
    | grep -E -A 4 '^ *(Error|error|AssertionError|FAIL)\b|panicked at|^test .* FAILED|^ +[0-9]+\) \[.* › ' \
    | grep -vE '^--$|^ *$|^ *[0-9]+ \||^test .* ok$|stack backtrace|::rust_begin_unwind|/rustc/|^[0-9T:.-]+Z +[A-Z]+ ' | cut -c 1-200 | awk '!seen[$0]++' | head -n 40
}

finish() {
  [ -n "${postgres_stop:-}" ] && $postgres_stop >/dev/null 2>&1
  [ -n "${scratch:-}" ] && rm -rf "$scratch"
}
trap finish EXIT

# A PostgreSQL of our own in a scratch folder, so that no service and no password is touched.
start_postgres() {
  local bin as=""
  bin=$(dirname "$(ls /usr/lib/postgresql/*/bin/initdb | sort -V | tail -1)")
  scratch=$(mktemp -d /tmp/centralita-test.XXXXXX)
  chmod 755 "$scratch"
  mkdir "$scratch/pg"
  if [ "$(id -u)" = 0 ]; then
    chown postgres "$scratch/pg"
    as="runuser -u postgres --"
  fi
  local port=${CENTRALITA_TEST_POSTGRES_PORT:-54390}
  $as "$bin/initdb" -D "$scratch/pg/db" -U postgres -A trust -E UTF8 --locale=C --no-sync >"$scratch/initdb.log" 2>&1 || { cat "$scratch/initdb.log"; return 1; }
  $as "$bin/pg_ctl" -D "$scratch/pg/db" -o "-p $port -k $scratch/pg -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=200" -l "$scratch/pg/log" -w start >/dev/null || { cat "$scratch/pg/log"; return 1; }
  postgres_stop="$as $bin/pg_ctl -D $scratch/pg/db -m immediate stop"
  postgres="postgres://postgres@127.0.0.1:$port/postgres"
  echo "PostgreSQL on port $port"
}

console_check() { (cd web-console && npm run --silent lint && npm run --silent types); }
console_unit() { (cd web-console && npm run --silent test); }
browser() { (cd web-console && CENTRALITA_BIN="$PWD/../target/debug/centralita" CHROMIUM_BIN=$(command -v chromium || command -v google-chrome) npx playwright test); }
# One pass compiles and lints: clippy is the compiler with more to say. By itself it would look through every dependency a second time,
# three minutes of a cold run on two cores. All cargo stages have the same compiler, so that nothing of ours is built twice.
export RUSTC_WORKSPACE_WRAPPER=clippy-driver
export CLIPPY_ARGS=-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__
build() { cargo build --all-targets; }
# The console's types come from the server's own description of itself.
schema() {
  local codegen=web-console/tools/codegen
  [ -d $codegen/node_modules ] || .make/packages.sh $codegen || return
  target/debug/centralita openapi >target/openapi.json || return
  (cd web-console && npm run --silent codegen -- ../target/openapi.json) && git diff --exit-code --stat -- web-console/src/api/schema.d.ts
}

stage tools .make/tools.sh test
postgres=""
start_postgres
stage format cargo fmt --check
stage console .make/console.sh
stage build+lints build
stage schema schema
stage console-check console_check
stage console-unit console_unit
# Only the tests may see this name: to the server itself every CENTRALITA_… is a setting.
rust() { CENTRALITA_TEST_POSTGRES="$postgres" cargo test --no-fail-fast "$@"; }
stage rust rust --lib --bins --test tidy --test fuzz_corpus
# Stories that judge how audio sounds have the machine for themselves. The others mostly wait for telephones: as many at a time as
# there are cores would leave three quarters of it idle.
stage rust-audio rust --test integration -- media::
stage rust-stories rust --test integration -- --skip media:: --test-threads=$((2 * $(nproc)))
stage browser browser

printf '\nTime by stage:%s\n' "$times"
for name in $failures; do
  printf '\nFirst complaints of %s (all of it: %s/%s.log):\n' "$name" "$logs" "$name"
  complaints "$name"
done
if [ "$skipped" -gt 0 ]; then
  printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
else
  printf '%d passed, %d failed\n' "$passed" "$failed"
fi
[ "$failed" = 0 ]
