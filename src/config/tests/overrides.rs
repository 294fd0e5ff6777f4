//! Overrides from the environment.

use crate::config::Mode;
use crate::config::tests::{load_with, problems_of};

const FILE: &str = "\
control: {listen: 127.0.0.1:8000}
routes:
  - name: files
    match: {path_prefix: /files}
    protocol: mcp
    capability_prefix: files
    upstream: {addresses: [127.0.0.1:9000], headers: {Authorization: old}}
";

#[test]
fn a_variable_replaces_or_adds_a_value() {
    let variables = [
        ("AEGIS_CONTROL__LISTEN", "0.0.0.0:9999"),
        ("AEGIS_ROUTES__0__MODE", "shadow"),
        ("AEGIS_ROUTES__0__UPSTREAM__HEADERS__AUTHORIZATION", "{env: FILES_TOKEN}"),
        ("AEGIS_ROUTES__0__UPSTREAM__CONNECT_MS", "7"),
        ("AEGIS_GATEWAY__HOSTS", "[a.example, b.example]"),
        ("AEGIS_GATEWAY__TIMEOUTS__IDLE_MS", "5"),
        ("AEGIS_TELEMETRY__LISTEN", ""),
    ];
    let config = load_with(FILE, &variables).unwrap();
    assert_eq!(config.control.listen.to_string(), "0.0.0.0:9999");
    let route = &config.routes[0];
    assert_eq!(route.mode, Mode::Shadow);
    assert_eq!(route.upstream.headers[0].value.reveal(), "Bearer hunter2");
    assert_eq!(route.upstream.connect.as_millis(), 7);
    assert_eq!(config.gateway.hosts, ["a.example", "b.example"]);
    assert_eq!(config.gateway.timeouts.idle.as_millis(), 5);
    assert_eq!(config.telemetry.listen, None);
}

#[test]
fn other_variables_are_ignored() {
    let variables = [
        ("AEGIS_API_KEY", "x"),
        ("AEGIS_URL", "x"),
        ("AEGIS_GATEWAY_PORT_8080_TCP", "tcp://10.0.0.1:8080"),
        ("AEGIS__LISTEN", "x"),
        ("AEGIS_CONTROL__", "x"),
        ("CONTROL__LISTEN", "x"),
        ("aegis_control__listen", "x"),
    ];
    assert_eq!(problems_of(FILE, &variables), "");
}

#[test]
fn what_is_wrong_with_a_variable_names_it() {
    let cases = [
        (
            ("AEGIS_CONTROL__LISTEN", "nowhere"),
            "AEGIS_CONTROL__LISTEN: control.listen: not an IP address with a port; write it as 127.0.0.1:8080 or [::1]:8080",
        ),
        (
            ("AEGIS_CONTROL__LISTN", "x"),
            "AEGIS_CONTROL__LISTN: control.listn: unknown key; did you mean \"listen\"?",
        ),
        (
            ("AEGIS_SERVER__PORT", "1"),
            "AEGIS_SERVER__PORT: server: unknown key; known keys: version, stage, data_dir, control, gateway, routes, policy, executor, holds, audit, store, telemetry",
        ),
        (
            ("AEGIS_GATEWAY__MAX_BODY_BYTES", "much"),
            "AEGIS_GATEWAY__MAX_BODY_BYTES: gateway.max_body_bytes: expected an integer, found a string",
        ),
        (
            ("AEGIS_STORE__POSTGRES", "{}"),
            "AEGIS_STORE__POSTGRES: store.postgres: not in this version; remove the key",
        ),
        (("AEGIS_ROUTES__3__MODE", "off"), "AEGIS_ROUTES__3__MODE: routes has no element with this number"),
        (
            ("AEGIS_CONTROL__LISTEN__PORT", "1"),
            "AEGIS_CONTROL__LISTEN__PORT: control.listen is not a mapping",
        ),
        (("AEGIS_ROUTES__MODE", "off"), "AEGIS_ROUTES__MODE: routes is not a mapping"),
        (
            ("AEGIS_AUDIT__REDACT", "[a"),
            "AEGIS_AUDIT__REDACT: not valid YAML: unclosed bracket '['; the value is read as YAML: put a text with special characters in quotes",
        ),
        (
            ("AEGIS_ROUTES__0__UPSTREAM__HEADERS__AUTHORIZATION", "{env: NOT_THERE}"),
            "AEGIS_ROUTES__0__UPSTREAM__HEADERS__AUTHORIZATION: routes[0].upstream.headers.Authorization: the environment variable NOT_THERE is not set",
        ),
    ];
    for (variable, expected) in cases {
        assert_eq!(problems_of(FILE, &[variable]), expected, "{variable:?}");
    }
}
