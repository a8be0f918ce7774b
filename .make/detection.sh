#!/usr/bin/env bash
# How often people, machines and faxes are told apart, as a table: with our prompts' synthetic voices, and with people's from the open
# recordings of Debian's packages of Asterisk's prompts (CC BY-SA 3.0), which go to target/ and are not installed. Without apt-get the
# second table is left out.
set -euo pipefail
cd "$(dirname "$0")/.."
tests=(a_large_set_of_lines_keeps_its_floors)
if command -v apt-get >/dev/null 2>&1 && command -v dpkg >/dev/null 2>&1; then
  voices=$PWD/target/voices
  if [ ! -d "$voices/usr" ]; then
    mkdir -p "$voices"
    (cd "$voices" && apt-get download -q asterisk-core-sounds-en-wav asterisk-core-sounds-es-wav && for package in *.deb; do dpkg -x "$package" .; done)
  fi
  export CENTRALITA_VOICES=$voices/usr/share/asterisk/sounds
  tests+=(a_large_set_of_lines_with_people_s_voices_keeps_its_floors)
else
  echo "Left out: people's voices (they come by apt-get)." >&2
fi
for test in "${tests[@]}"; do
  cargo test --lib --quiet -- --ignored --nocapture "answering::tests::evaluation::$test"
done
