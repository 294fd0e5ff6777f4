#!/usr/bin/env bash
# Runs the official MCP Python SDK against the gateway.
#
#   AEGIS_BIN=target/debug/aegis tests/sdk/python/run.sh [CACHE_DIR] [pytest arguments]
#
# The virtual environment is made in CACHE_DIR and used again while requirements.txt stays the same; without CACHE_DIR
# it is made in a temporary folder and removed at the end. PYTHON names the interpreter (3.11 or newer).
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

: "${AEGIS_BIN:?set AEGIS_BIN to the aegis binary under test}"
if [[ ! -x "$AEGIS_BIN" ]]; then
    echo "AEGIS_BIN: $AEGIS_BIN is not an executable file" >&2
    exit 2
fi
AEGIS_BIN="$(cd "$(dirname "$AEGIS_BIN")" && pwd)/$(basename "$AEGIS_BIN")"
export AEGIS_BIN

if [[ $# -gt 0 ]]; then
    mkdir -p "$1"
    cache="$(cd "$1" && pwd)"
    shift
else
    cache="$(mktemp -d)"
    trap 'rm -rf "$cache"' EXIT
fi

venv="$cache/venv"
stamp="$venv/requirements.installed"
if ! cmp -s "$here/requirements.txt" "$stamp"; then
    rm -rf "$venv"
    "${PYTHON:-python3}" -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
    cp "$here/requirements.txt" "$stamp"
fi

# Nothing is written into the source tree. A proxy of the surroundings must not come between a client and 127.0.0.1.
export PYTHONDONTWRITEBYTECODE=1 NO_PROXY=127.0.0.1 no_proxy=127.0.0.1
cd "$here"
"$venv/bin/python" -m pytest -p no:cacheprovider --rootdir "$here" "$@"
