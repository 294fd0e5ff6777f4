#!/usr/bin/env bash
# Lets schemathesis loose on the control listener: every operation of /openapi.json, with all checks, one by one and in sequences.
#
#   AEGIS_BIN=target/debug/aegis tests/sdk/schemathesis/run.sh [CACHE_DIR] [schemathesis arguments]
#
# SCHEMATHESIS_SECONDS says for how long, 300 unless set. The virtual environment is made in CACHE_DIR and used again while
# requirements.txt stays the same. Afterwards the gateway must be up, without a panic, and its ledger whole.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

: "${AEGIS_BIN:?set AEGIS_BIN to the aegis binary under test}"
AEGIS_BIN="$(cd "$(dirname "$AEGIS_BIN")" && pwd)/$(basename "$AEGIS_BIN")"

work="$(mktemp -d)"
gateway=""
finish() {
    [[ -z "$gateway" ]] || kill "$gateway" 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT

if [[ $# -gt 0 ]]; then
    mkdir -p "$1"
    cache="$(cd "$1" && pwd)"
    shift
else
    cache="$work/cache"
fi

venv="$cache/venv"
stamp="$venv/requirements.installed"
if ! cmp -s "$here/requirements.txt" "$stamp"; then
    rm -rf "$venv"
    "${PYTHON:-python3}" -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
    cp "$here/requirements.txt" "$stamp"
fi

key="$(head -c 32 /dev/urandom | sha256sum | cut -d' ' -f1)"
hash="$(printf '%s' "$key" | sha256sum | cut -d' ' -f1)"
sed "s/@HASH@/$hash/" "$here/gateway.yaml" >"$work/gateway.yaml"
cd "$work"
"$AEGIS_BIN" serve --config gateway.yaml >out.log 2>err.log &
gateway=$!
until grep -q '^ready$' out.log; do
    kill -0 "$gateway" 2>/dev/null || { cat err.log; exit 1; }
    sleep 0.1
done
url="$(sed -n 's/^control listening on //p' out.log)"

export NO_PROXY=127.0.0.1 no_proxy=127.0.0.1
"$venv/bin/schemathesis" --config-file "$here/schemathesis.toml" run "$url/openapi.json" -H "X-Api-Key: $key" \
    --max-time "${SCHEMATHESIS_SECONDS:-300}" --generation-database none --no-color --warnings off "$@"

curl -fsS "$url/readyz" >/dev/null
kill "$gateway"
wait "$gateway"
gateway=""
if grep -i panic err.log; then
    exit 1
fi
"$AEGIS_BIN" audit verify data/ledger
