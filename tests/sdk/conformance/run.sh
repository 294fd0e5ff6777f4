#!/usr/bin/env bash
# Runs the official MCP conformance suite directly and through the gateway, and compares.
#
#   AEGIS_BIN=target/debug/aegis tests/sdk/conformance/run.sh [CACHE_DIR] [SCENARIO]
#
# ../node/setup.sh says what is installed in CACHE_DIR. PYTHON names the interpreter (3.11 or newer).
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
source "$here/../node/setup.sh" conformance ${1+"$1"}
"$node" "$programs/suite.mjs" "$cache/conformance" ${2+"$2"}
