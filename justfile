# Named commands. Every recipe is one line that also works without `just`.

# Show the recipes.
default:
    @just --list

# Format, lint and document, warnings as errors.
check:
    cargo fmt --check
    cargo clippy --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps

# Everything that needs no outside server.
test:
    cargo test

# Only the guard of the architecture.
tidy:
    cargo test --test tidy

# The long tests: minutes each.
long:
    LOAD_SECONDS=20 LOAD_ROUNDS=3 cargo test --test it crash::
    LOAD_SECONDS=20 cargo test --test it swaps::
    LOAD_SECONDS=60 cargo test --test it long_streams::

# The official MCP Python SDK as a client and as a server.
sdk:
    cargo build --bin aegis
    AEGIS_BIN=target/debug/aegis tests/sdk/python/run.sh target/sdk-python

# The official MCP SDKs for TypeScript, version 1 and version 2, as clients and as servers.
sdk-typescript:
    cargo build --bin aegis
    AEGIS_BIN=target/debug/aegis tests/sdk/typescript/run.sh target/sdk-node

# The official MCP conformance suite, directly and through the gateway: the results must be the same.
conformance:
    cargo build --bin aegis
    AEGIS_BIN=target/debug/aegis tests/sdk/conformance/run.sh target/sdk-node

# What CI runs.
ci:
    bash .ci/run

# The gateway beside bare Pingora: CPU per request, requests per second, latency; `just bench --all` for every shape of traffic.
bench *arguments:
    cargo build --release --bins --examples
    target/release/examples/driver {{ arguments }}

# Microbenchmarks; `cargo bench --bench index` alone prints how fast the index is built and answers.
bench-parts:
    cargo bench

# One fuzz target for a minute: json, path, query, mcp, operations, tool_call, sse, json_response, rules, condition, config, openapi, ledger, ledger_edit.
fuzz target seconds="60":
    mkdir -p fuzz/target/corpus/{{ target }}
    cd fuzz && cargo run --bin {{ target }} -- -max_total_time={{ seconds }} target/corpus/{{ target }} corpus/{{ target }}

# Licenses, bans, advisories.
deny:
    cargo deny check

# The gateway with demo tools behind it.
demo:
    cargo run --release -- demo

# The binary that is passed on: slower to build, faster to run.
dist:
    cargo build --profile dist --bin aegis
