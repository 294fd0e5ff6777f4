#!/usr/bin/env bash
# Runs the official MCP SDKs for TypeScript (version 1 and version 2) against the gateway.
#
#   AEGIS_BIN=target/debug/aegis tests/sdk/typescript/run.sh [CACHE_DIR] [patterns of test names]
#
# ../node/setup.sh says what is installed in CACHE_DIR. PYTHON names the interpreter (3.11 or newer).
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
source "$here/../node/setup.sh" typescript ${1+"$1"}
"$node" "$programs/main.mjs" "${@:2}"
