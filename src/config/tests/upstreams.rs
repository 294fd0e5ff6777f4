//! Addresses, TLS and health checks of upstreams.

use std::time::Duration;

use crate::config::tests::{Memory, certificate, load_from};
use crate::config::{Balance, ClientIdentity, Upstream};

fn text(upstream: &str) -> String {
    format!(
        "routes:\n- {{name: a, match: {{path_prefix: /a}}, protocol: mcp, capability_prefix: a, upstream: {upstream}}}\n"
    )
}

fn load(memory: &Memory, upstream: &str) -> Upstream {
    load_from(memory, &text(upstream), &[]).unwrap().routes.remove(0).upstream
}

/// Problems, without their places.
fn problems(memory: &Memory, upstream: &str) -> String {
    let problems =
        load_from(memory, &text(upstream), &[]).err().map_or_else(String::new, |all| all.to_string());
    let lines: Vec<_> = problems.lines().map(|line| line.splitn(4, ':').nth(3).unwrap().trim()).collect();
    lines.join("\n").replace("routes[0].upstream.", "")
}

fn memory(files: &[(&str, &str)]) -> Memory {
    let mut memory = Memory::default();
    for (name, text) in files {
        memory.files.insert(format!("/etc/aegis/{name}").into(), (*text).to_owned());
    }
    memory
}

#[test]
fn several_addresses_of_every_kind_are_taken() {
    let upstream = load(
        &memory(&[]),
        "{addresses: [\"127.0.0.1:9000\", \"[::1]:9\", \"Tool.internal:9000\", \"unix:/run/tool.sock\", \"unix:tool.sock\"], \
         http2: true, balance: least_loaded, health: {interval_ms: 100}}",
    );
    let written: Vec<_> = upstream.addresses.iter().map(ToString::to_string).collect();
    let expected = [
        "127.0.0.1:9000",
        "[::1]:9",
        "tool.internal:9000",
        "unix:/run/tool.sock",
        "unix:/etc/aegis/tool.sock",
    ];
    assert_eq!(written, expected);
    assert!(upstream.http2 && upstream.balance == Balance::LeastLoaded && upstream.tls.is_none());
    let health = upstream.health.unwrap();
    assert_eq!((health.interval, health.timeout), (Duration::from_millis(100), Duration::from_secs(2)));
    assert_eq!((health.path, health.healthy_after, health.unhealthy_after), (None, 1, 2));
}

#[test]
fn what_is_no_upstream_is_refused() {
    let long = format!("{{addresses: [\"unix:/{}\"]}}", "x".repeat(107));
    let many =
        format!("{{addresses: [{}]}}", (1..=65).map(|port| format!("\"a:{port}\",")).collect::<String>());
    for (upstream, expected) in [
        ("{addresses: [\"a:1\", \"A:1\"]}", "addresses[1]: this address is written twice"),
        (
            "{addresses: [\"unix:\"]}",
            "addresses[0]: not a path of a unix socket; write it as unix:/run/tool.sock",
        ),
        (
            "{addresses: [\"unix://run/tool.sock\"]}",
            "addresses[0]: not a path of a unix socket; write it as unix:/run/tool.sock",
        ),
        (&long, "addresses[0]: the path of a unix socket has at most 107 bytes, none of them zero"),
        (&many, "addresses: must have at most 64 entries, has 65"),
        (
            "{addresses: [\"a:1\"], balance: random}",
            "balance: expected round_robin or least_loaded, found \"random\"",
        ),
        (
            "{addresses: [\"a:1\"], health: {path: healthz}}",
            "health.path: not the path of a request; write it as /healthz",
        ),
        (
            "{addresses: [\"a:1\"], health: {path: \"/a b\"}}",
            "health.path: not the path of a request; write it as /healthz",
        ),
        (
            "{addresses: [\"a:1\"], health: {interval_ms: 99}}",
            "health.interval_ms: must be from 100 to 86400000, found 99",
        ),
        ("{addresses: [\"a:1\"], tls: yes}", "tls: expected true or false or a mapping, found a string"),
        (
            "{addresses: [\"a:1\"], tls: {verify: false}}",
            "tls.verify: unknown key; known keys: ca, server_name, client_cert, client_key",
        ),
    ] {
        assert_eq!(problems(&memory(&[]), upstream), expected, "{upstream}");
    }
}

#[test]
fn with_tls_there_is_always_a_name_to_verify() {
    let named = |addresses: &str, tls: &str| {
        problems(&memory(&[]), &format!("{{addresses: [{addresses}], tls: {tls}}}"))
    };
    for (addresses, tls) in [
        ("\"tool.internal:1\", \"127.0.0.1:1\", \"[::1]:1\"", "true"),
        ("\"unix:/t\", \"a_b.example:1\"", "{server_name: a.example}"),
        ("\"unix:/t\"", "{server_name: \"10.0.0.1\"}"),
        ("\"unix:/t\"", "{server_name: \"::1\"}"),
        ("\"unix:/t\"", "false"),
    ] {
        assert_eq!(named(addresses, tls), "", "{addresses}: {tls}");
    }
    let socket = "addresses[0]: a unix socket has no name that a certificate could be verified for; write one under tls.server_name";
    assert_eq!(named("\"unix:/t\"", "true"), socket);
    assert_eq!(named("\"unix:/t\"", "{}"), socket);
    assert_eq!(
        named("\"a_b.example:1\"", "true"),
        "addresses[0]: no certificate can hold this host's name; write one under tls.server_name"
    );
    for name in ["a_b.example", "a b", "*.example", "1.2.3", "1.2.3.4.5", "[::1]", "a.example:1"] {
        assert_eq!(
            named("\"a:1\"", &format!("{{server_name: \"{name}\"}}")),
            "tls.server_name: not a name or an IP address a certificate can hold",
            "{name}"
        );
    }
    assert_eq!(named("\"a:1\"", "{server_name: \"\"}"), "tls.server_name: must not be empty");
}

#[test]
fn certificates_are_read_and_must_be_sound() {
    let (certificate, key) = certificate();
    let (_, other) = self::certificate();
    let broken = certificate.replacen("MII", "MIJ", 1);
    let cut = certificate.replace("-----END CERTIFICATE-----", "");
    let memory = memory(&[
        ("ok.pem", &format!("# a comment\n{certificate}{certificate}")),
        ("ok.key", &key),
        ("other.key", &other),
        ("broken.pem", &broken),
        ("cut.pem", &cut),
        ("empty.pem", "hunter2"),
        ("locked.key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n"),
    ]);
    let tls = |settings: &str| format!("{{addresses: [\"a:1\"], tls: {{{settings}}}}}");
    let loaded = load(&memory, &tls("ca: ok.pem, client_cert: ok.pem, client_key: ok.key")).tls.unwrap();
    let ClientIdentity { chain, key } = loaded.client.clone().unwrap();
    assert_eq!((loaded.authorities.len(), chain.len(), key.is_empty()), (2, 2, false));
    assert_eq!(format!("{:?}", loaded.client.unwrap()), "ClientIdentity { chain: 2, .. }");
    for (settings, expected) in [
        ("ca: no.pem", "tls.ca: the file no.pem cannot be read: no such file"),
        ("ca: empty.pem", "tls.ca: empty.pem holds no certificate in PEM form"),
        ("ca: ok.key", "tls.ca: ok.key holds no certificate in PEM form"),
        ("ca: broken.pem", "tls.ca: broken.pem holds a certificate that cannot be read"),
        ("ca: cut.pem", "tls.ca: cut.pem is not sound PEM"),
        (
            "client_cert: ok.pem",
            "tls.client_cert: client_key is missing: a certificate is nothing without its key",
        ),
        (
            "client_key: ok.key",
            "tls.client_key: client_cert is missing: a key is nothing without its certificate",
        ),
        (
            "client_cert: ok.pem, client_key: no.key",
            "tls.client_key: the file no.key cannot be read: no such file",
        ),
        (
            "client_cert: ok.pem, client_key: ok.pem",
            "tls.client_key: ok.pem holds no private key in PEM form",
        ),
        (
            "client_cert: ok.pem, client_key: other.key",
            "tls.client_key: other.key is not the key of the certificate in ok.pem",
        ),
        (
            "client_cert: ok.pem, client_key: locked.key",
            "tls.client_key: locked.key holds an encrypted key; decrypt it, and let its file be readable by the gateway alone",
        ),
        (
            "client_cert: empty.pem, client_key: empty.pem",
            "tls.client_cert: empty.pem holds no certificate in PEM form\ntls.client_key: empty.pem holds no private key in PEM form",
        ),
    ] {
        assert_eq!(problems(&memory, &tls(settings)), expected, "{settings}");
    }
}
