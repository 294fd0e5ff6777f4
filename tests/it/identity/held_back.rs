//! Who asks too often, or with credentials that fail again and again (AV-3.3).

use serde_json::json;

use super::{ask, call, gateway, issue, kind, named};
use crate::support::{Tool, key_hash};

#[test]
fn guessing_is_held_back_and_locks_out_nobody() {
    let tool = Tool::start();
    let gateway = gateway(tool.address, "", "").start();
    let mut control = gateway.control_client();
    let issued = issue(&mut control, "acme-text", named("crm"));
    let mut seen = Vec::new();
    for number in 0..30 {
        let guess = format!("guess-{number}");
        // On both planes: an address is one.
        seen.push(if number % 2 == 0 {
            call(&gateway, &guess)
        } else {
            ask(&mut control, &guess, "GET", "/api/v1/holds", None).status
        });
    }
    assert_eq!(seen[..20], [401; 20]);
    assert_eq!(seen[20..], [429; 10]);
    let answer = ask(&mut control, "one more", "GET", "/api/v1/holds", None);
    assert_eq!((answer.status, kind(&answer).as_str()), (429, "credentials-throttled"));
    let seconds: u32 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    let refused = gateway.client().request("GET", "/crm/contacts/1", &[("X-Api-Key", "no")], b"");
    assert_eq!((refused.status, &refused.json()["code"]), (429, &json!("credentials_throttled")));
    assert!(refused.header("retry-after").is_some());
    let governed = ask(&mut control, "no", "GET", "/api/v1/governance/decisions", None);
    assert_eq!((governed.status, &governed.json()["error"]["code"]), (429, &json!("credentials-throttled")));
    assert!(governed.header("retry-after").is_some());
    let document = ask(&mut control, "no", "POST", "/api/v1/evaluate", Some(json!({"action_type": "a"})));
    assert_eq!(document.status, 429);
    assert!(document.json()["error"].as_str().unwrap().contains("from this address"));
    // Good keys are let in from the very same address.
    assert_eq!([call(&gateway, "bot-text"), call(&gateway, &issued)], [200, 200]);
    assert_eq!(ask(&mut control, "root-text", "GET", "/api/v1/keys", None).status, 200);
    // AV-3.3: after a storm of errors nothing of what was presented is to be found.
    let told = format!("{:?}{}", gateway.records(), gateway.log());
    for text in ["guess-", "one more", "bot-text", &issued, &key_hash("bot-text")] {
        assert!(!told.contains(text), "{text}");
    }
}

#[test]
fn a_key_makes_as_many_requests_as_it_may() {
    let tool = Tool::start();
    let gateway = gateway(tool.address, "rate_limit: {per_day: 3}", "").start();
    let mut control = gateway.control_client();
    let standing = |answer: &crate::support::Answer| {
        let number = |name: &str| answer.header(name).map(|value| value.parse::<i64>().unwrap());
        let reset = number("x-ratelimit-reset");
        assert!(reset.is_none_or(|reset| reset % 86_400 == 0), "{reset:?}");
        (answer.status, number("x-ratelimit-limit"), number("x-ratelimit-remaining"))
    };
    let mut get = |key: &str, path: &str| ask(&mut control, key, "GET", path, None);
    assert_eq!(standing(&get("root-text", "/api/v1/keys")), (200, Some(3), Some(2)));
    // What has no scope is told so, counts, and so do other paths.
    assert_eq!(standing(&get("bot-text", "/api/v1/keys")), (403, Some(3), Some(2)));
    assert_eq!(standing(&get("root-text", "/api/v1/keys/nobody")), (404, Some(3), Some(1)));
    assert_eq!(standing(&get("root-text", "/api/v1/status")), (200, Some(3), Some(0)));
    let refused = get("root-text", "/api/v1/status");
    assert_eq!((standing(&refused), kind(&refused).as_str()), ((429, Some(3), Some(0)), "rate-limited"));
    let seconds: i64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=86_400).contains(&seconds));
    assert_eq!(standing(&get("root-text", "/api/v1/policy")), (429, Some(3), Some(0)));
    for path in ["/api/v1/governance/decisions", "/api/v1/policies", "/api/v1/actors/agent-1"] {
        let governed = get("root-text", path);
        assert_eq!(standing(&governed), (429, Some(3), Some(0)), "{path}");
        assert_eq!(governed.json()["error"]["code"], "rate-limited", "{path}");
        assert!(governed.header("retry-after").is_some(), "{path}");
    }
    assert!(get("root-text", "/api/v1/policy").json()["error"].as_str().unwrap().contains("rate_limit"));
    // Another key has a count of its own; probes and what no key is for have none.
    assert_eq!(standing(&get("acme-text", "/api/v1/keys")), (200, Some(3), Some(2)));
    assert_eq!(standing(&get("wrong", "/api/v1/keys")), (401, None, None));
    assert_eq!(standing(&get("root-text", "/healthz")), (200, None, None));
    // Calls of tools are not limited by it.
    for _ in 0..5 {
        assert_eq!(call(&gateway, "bot-text"), 200);
    }
}

#[test]
fn without_a_limit_nothing_is_said_of_one() {
    let tool = Tool::start();
    let gateway = gateway(tool.address, "", "").start();
    let mut control = gateway.control_client();
    for _ in 0..100 {
        let answer = ask(&mut control, "root-text", "GET", "/api/v1/keys", None);
        assert_eq!((answer.status, answer.header("x-ratelimit-limit")), (200, None));
    }
}
