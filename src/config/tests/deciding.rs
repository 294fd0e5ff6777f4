//! What decides beside rules: governance, the risk score, environments; what keys are limited to, and whose tokens are believed.

use std::path::Path;

use crate::config::tests::{load_beside, load_with, problems_of};
use crate::config::{Combine, Config, Risk, RiskBands, RiskWeights};
use crate::model::call::TokenAlgorithm;

const FULL: &str = include_str!("../../../config/full.yaml");

fn risk(text: &str) -> Risk {
    load_with(&format!("policy: {{risk: {{enabled: true{text}}}}}"), &[]).unwrap().policy.risk.unwrap()
}

#[test]
fn governance_is_off_until_it_is_written() {
    let config = load_with("{}", &[]).unwrap();
    let of = |config: &Config| {
        let policy = &config.policy;
        (policy.governance.clone(), policy.capabilities_required, policy.grants_required, policy.combine)
    };
    assert_eq!(of(&config), (None, false, false, Combine::DenyOverrides));
    assert!(config.policy.risk.is_none() && config.control.rate_limit.is_none());

    let text =
        "policy: {governance: ./governance, capabilities: required, grants: required, combine: strictest}";
    let config = load_with(text, &[]).unwrap();
    let folder = Path::new("/etc/aegis/governance").to_owned();
    assert_eq!(of(&config), (Some(folder), true, true, Combine::Strictest));
    for demand in ["capabilities", "grants"] {
        let config = load_with(&format!("policy: {{{demand}: required}}"), &[]).unwrap();
        assert_eq!(
            (config.policy.capabilities_required, config.policy.grants_required),
            (demand == "capabilities", demand == "grants")
        );
    }
}

#[test]
fn the_full_sample_has_what_the_defaults_have() {
    let config = load_with(FULL, &[]).unwrap();
    let mut expected = risk("");
    expected.trust.actors.insert("agent-001".to_owned(), 6_800);
    assert_eq!(config.policy.risk, Some(expected));
    assert_eq!(config.policy.governance.as_deref(), Some(Path::new("/etc/aegis/policies/governance")));
    assert_eq!(config.routes[0].environment.as_deref(), Some("production"));
    assert_eq!(config.routes[1].environment, None);
    assert_eq!(config.control.keys[1].groups, ["platform"]);
    let rate = config.control.rate_limit.unwrap();
    let number = |limit: Option<std::num::NonZeroU32>| limit.map(std::num::NonZeroU32::get);
    assert_eq!((number(rate.per_second), number(rate.per_day)), (Some(50), Some(10_000)));
}

#[test]
fn risk_is_in_integers() {
    let all = risk("");
    let RiskWeights { failures, trust, capability, anomaly, federation } = all.weights;
    assert_eq!(
        [failures, trust, capability, anomaly, federation],
        [300_000_000, 250_000_000, 200_000_000, 150_000_000, 100_000_000]
    );
    assert_eq!((all.trust.new_actor, all.floor), (5_000, true));
    let thirds = "0.3333333333333333";
    let own = risk(&format!(
        ", weights: {{failures: {thirds}, trust: {thirds}, capability: {thirds}, anomaly: 0, federation: 0}}, \
         bands: {{allow: 0, monitoring: 0.1234, escalate: 1}}, trust: {{new_actor: 1}}, floor: false, \
         multipliers: {{production: 1, policy_change: 100}}"
    ));
    assert_eq!((own.weights.failures, own.weights.anomaly), (333_333_333, 0));
    assert_eq!(own.bands, RiskBands { allow: 0, monitoring: 1_234, escalate: 10_000 });
    assert_eq!((own.trust.new_actor, own.floor), (10_000, false));
    assert_eq!((own.multipliers.production, own.multipliers.policy_change), (10_000, 1_000_000));
    // A band that is left out has the end of the one before.
    assert_eq!(risk(", bands: {allow: 0.5}").bands.monitoring, 5_000);
    assert!(
        load_with("policy: {risk: {weights: {}, bands: {}, trust: {}}}", &[]).unwrap().policy.risk.is_none()
    );
}

#[test]
fn nonsense_in_risk_is_refused_also_while_it_is_off() {
    let at = |place: &str, message: &str| format!("{place}: {message}");
    let cases = [
        (
            "weights: {failures: 0.4}",
            at(
                "weights",
                "the weights make 1.1, not 1; failures, trust, capability, anomaly and federation are \
                0.4 + 0.25 + 0.2 + 0.15 + 0.1, with the defaults of those not written",
            ),
        ),
        (
            "weights: {federation: 0.100000002}",
            at(
                "weights",
                "the weights make 1.000000002, not 1; failures, trust, capability, anomaly and federation are \
                0.3 + 0.25 + 0.2 + 0.15 + 0.100000002, with the defaults of those not written",
            ),
        ),
        ("weights: {federation: 0.1000000005}", String::new()),
        ("weights: {trust: -0.1}", at("weights.trust", "must be from 0 to 1, found -0.1")),
        ("weights: {trust: much}", at("weights.trust", "expected a number, found a string")),
        ("weights: {trst: 1}", at("weights.trst", "unknown key; did you mean \"trust\"?")),
        ("bands: {allow: 0.6}", at("bands.monitoring", "less than allow, which is 0.6")),
        ("bands: {escalate: 0.4}", at("bands.escalate", "less than monitoring, which is 0.5")),
        ("bands: {allow: 0.8, monitoring: 0.8}", String::new()),
        ("bands: {escalate: 1.01}", at("bands.escalate", "must be from 0 to 1, found 1.01")),
        ("bands: {allow: 0.12345}", at("bands.allow", "has more than four digits after the point")),
        ("baselines: {low: 0.4}", at("baselines.medium", "less than low, which is 0.4")),
        ("multipliers: {production: 0.5}", at("multipliers.production", "must be from 1 to 100, found 0.5")),
        (
            "multipliers: {production: 1.00001}",
            at("multipliers.production", "has more than four digits after the point"),
        ),
        ("trust: {new_actor: 1.5}", at("trust.new_actor", "must be from 0 to 1, found 1.5")),
        ("trust: {actors: {a: 0.5, b: -1}}", at("trust.actors.b", "must be from 0 to 1, found -1")),
        ("trust: {actors: {a: 0.68001}}", at("trust.actors.a", "has more than four digits after the point")),
    ];
    for (text, expected) in cases {
        let problems = problems_of(&format!("policy:\n  risk: {{{text}}}"), &[]);
        let told = problems.split_once(": policy.risk.").map_or(problems.as_str(), |(_, told)| told);
        assert_eq!(told, expected, "{text}");
        assert!(problems.is_empty() || problems.starts_with("gateway.yaml:2:"), "{problems}");
    }
    let many: String = (0..=10_000).map(|number| format!("a{number}: 1, ")).collect();
    let problems = problems_of(&format!("policy: {{risk: {{trust: {{actors: {{{many}}}}}}}}}"), &[]);
    assert!(problems.ends_with("trust.actors: must have at most 10000 entries, has 10001"), "{problems}");
}

/// More calls than are remembered of anybody make no baseline; the evaluation API gets as many values as its caller sends.
#[test]
fn a_baseline_of_more_calls_than_are_remembered_is_refused() {
    let of = |mode: &str, minimum: u32| {
        let policy = format!("policy:\n  gates:\n    mode: {mode}\n    constants:\n");
        problems_of(&format!("{policy}      drift_baseline_minimum: {minimum}"), &[])
    };
    for mode in ["shadow", "enforce"] {
        let told = of(mode, 1001);
        assert!(told.starts_with("gateway.yaml:5:"), "{told}");
        let at = "policy.gates.constants.drift_baseline_minimum: must be at most 1000 where calls pass the gates, is 1001";
        assert!(told.contains(at), "{told}");
        assert_eq!(of(mode, 1000), "");
    }
    assert_eq!(of("off", 100_000), "");
}

#[test]
fn environments_groups_and_rates_are_sound() {
    let route = |extra: &str| {
        problems_of(
            &format!(
                "routes: [{{name: a, match: {{path_prefix: /a}}, protocol: mcp, capability_prefix: a, \
                 upstream: {{addresses: [\"127.0.0.1:9\"]}}, {extra}}}]"
            ),
            &[],
        )
    };
    assert_eq!(route("environment: eu-1_test"), "");
    for wrong in ["Production", "production ", "\u{440}roduction", "a.b"] {
        let problems = route(&format!("environment: \"{wrong}\""));
        let told =
            "routes[0].environment: an environment's name has lower-case letters, digits, _ and - only";
        assert!(problems.ends_with(told), "{problems}");
    }
    assert!(route("environment: \"\"").ends_with("routes[0].environment: must not be empty"));

    let hash = format!("sha256:{}", "a".repeat(64));
    let groups = |list: &str| {
        problems_of(&format!("control: {{keys: [{{id: a, hash: \"{hash}\", groups: {list}}}]}}"), &[])
    };
    assert_eq!(groups("[\"CN=Ops,DC=acme\", b]"), "");
    assert!(groups("[a, a]").ends_with("groups[1]: the group stands twice in the list"));
    let nameless = "groups[0]: a group's name has 1 to 128 bytes and no control characters";
    for wrong in ["\"\"".to_owned(), "\"a\\nb\"".to_owned(), "a".repeat(129)] {
        assert!(groups(&format!("[{wrong}]")).ends_with(nameless), "{wrong}");
    }

    let rate = |text: &str| problems_of(&format!("control: {{rate_limit: {text}}}"), &[]);
    for fine in ["{per_second: 50}", "{per_day: 10}", "{per_second: 5, per_day: 5}", "null"] {
        assert_eq!(rate(fine), "", "{fine}");
    }
    assert!(rate("{}").ends_with("control.rate_limit: limits nothing; write per_second, per_day or both"));
    assert!(rate("{per_second: 0}").contains("per_second: must be from 1 to 1000000, found 0"));
    assert!(rate("{per_second: 6, per_day: 5}").ends_with("per_second: more in a second than in a day"));
}

/// The problems of an issuer whose keys are these, without the names of files.
fn jwks_problems(extra: &str, keys: &str) -> String {
    let text = format!("gateway: {{jwt: [{{issuer: a, audience: b, jwks: {{file: k.json}}{extra}}}]}}");
    match load_beside(&text, &[("k.json", keys)]) {
        Ok(_) => String::new(),
        Err(problems) => {
            let lines = problems.iter().map(|problem| problem.to_string().replace("/etc/aegis/", ""));
            lines.collect::<Vec<_>>().join("\n")
        }
    }
}

#[test]
fn the_sample_issuer_has_its_three_keys() {
    let jwt = &load_with(FULL, &[]).unwrap().gateway.jwt[0];
    let algorithms = jwt.keys.iter().map(|key| key.key.algorithm());
    let expected = [TokenAlgorithm::Es256, TokenAlgorithm::EdDsa, TokenAlgorithm::Rs256];
    assert_eq!(algorithms.collect::<Vec<_>>(), expected);
    assert_eq!(jwt.keys[0].kid.as_deref(), Some("2026-11"));
    assert_eq!((jwt.tenant.as_deref(), jwt.algorithms.len()), (Some("acme"), 3));
    let keys = include_str!("../../../config/jwks.json");
    assert_eq!(jwks_problems("", keys), "");
    assert_eq!(jwks_problems(", algorithms: [RS256]", keys), "");
}

#[test]
fn only_public_keys_that_can_verify_are_taken() {
    let octets = "A".repeat(43);
    let ed = format!("\"kty\": \"OKP\", \"crv\": \"Ed25519\", \"x\": \"{octets}\"");
    let set = |keys: &[String]| format!("{{\"keys\": [{}]}}", keys.join(", "));
    let one = |key: String| jwks_problems("", &set(&[key]));
    let none = "gateway.yaml:1:55: gateway.jwt[0].jwks.file: no key in it is for ES256, RS256, EdDSA: no token could be verified";
    assert_eq!(one(format!("{{{ed}}}")), "");
    assert_eq!(one(format!("{{{ed}, \"use\": \"sig\", \"key_ops\": [\"verify\"], \"alg\": \"EdDSA\"}}")), "");
    // For something else, of another kind, or for another algorithm: left alone.
    for key in [
        format!("{{{ed}, \"use\": \"enc\"}}"),
        format!("{{{ed}, \"key_ops\": [\"sign\"]}}"),
        format!("{{{ed}, \"alg\": \"ES256\"}}"),
        "{\"kty\": \"EC\", \"crv\": \"P-521\", \"x\": \"AA\", \"y\": \"AA\"}".to_owned(),
        "{\"kty\": \"AKP\"}".to_owned(),
    ] {
        assert_eq!(one(key.clone()), none, "{key}");
    }
    let private = "this is a private key: only public keys belong here";
    let short = "A".repeat(171);
    for (key, expected) in [
        (format!("{{{ed}, \"d\": \"{octets}\"}}"), format!("k.json:1:11: keys[0]: {private}")),
        (format!("{{\"kty\": \"oct\", \"k\": \"{octets}\"}}"), format!("k.json:1:11: keys[0]: {private}")),
        ("{}".to_owned(), "k.json:1:11: keys[0]: a key names its kind: kty".to_owned()),
        (
            "{\"kty\": \"OKP\", \"crv\": \"Ed25519\", \"x\": \"AA==\"}".to_owned(),
            "k.json:1:49: keys[0].x: not 32 bytes in base64url without padding".to_owned(),
        ),
        (
            format!("{{\"kty\": \"RSA\", \"e\": \"AQAB\", \"n\": \"_{short}\"}}"),
            "k.json:1:44: keys[0].n: an RSA key has 2048 to 8192 bits".to_owned(),
        ),
    ] {
        assert_eq!(one(key.clone()), expected, "{key}");
    }
    let named = format!("{{{ed}, \"kid\": \"a\"}}");
    let twice = jwks_problems("", &set(&[named.clone(), named]));
    assert!(twice.ends_with("keys[1].kid: another key has the same name"), "{twice}");
    assert!(jwks_problems("", "[]").ends_with("not a JWK Set: it has no list of keys under keys"));
    assert!(jwks_problems("", "{").starts_with("k.json:"));
    let many = vec![format!("{{{ed}}}"); 65];
    assert!(jwks_problems("", &set(&many)).ends_with("keys: must have at most 64 entries, has 65"));
}

#[test]
fn issuers_are_sound() {
    let keys = include_str!("../../../config/jwks.json");
    assert!(
        jwks_problems(", algorithms: [HS256]", keys)
            .contains("expected ES256, RS256 or EdDSA, found \"HS256\"")
    );
    assert!(jwks_problems(", algorithms: [none]", keys).contains("expected ES256, RS256 or EdDSA"));
    assert!(jwks_problems(", algorithms: []", keys).ends_with("algorithms: must not be empty"));
    let missing = problems_of("gateway: {jwt: [{issuer: a, audience: b, jwks: {file: no.json}}]}", &[]);
    assert!(missing.ends_with("the file no.json cannot be read: no such file"), "{missing}");
    let url = problems_of("gateway: {jwt: [{issuer: a, audience: b, jwks: {url: \"https://a\"}}]}", &[]);
    assert!(url.contains("gateway.jwt[0].jwks.url: not in this version; remove the key"), "{url}");
    let twice = "gateway:\n  jwt:\n  - {issuer: a, audience: b, jwks: {file: jwks.json}}\n  - {issuer: a, audience: b, jwks: {file: jwks.json}}";
    assert!(
        problems_of(twice, &[]).ends_with("gateway.jwt[1].issuer: the same issuer and audience as in line 3")
    );
}
