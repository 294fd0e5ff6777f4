//! What is refused, and how it is told: one form, with the headers of every answer.

use serde_json::json;

use super::world::{BOT, READER, has_headers, post, start};

#[test]
fn callers_without_a_good_key_are_403() {
    let gateway = start("");
    let mut control = gateway.control_client();
    for headers in [
        &[][..],
        &[("X-Api-Key", "no-such-key")],
        &[("Authorization", "Bearer no-such-key")],
        &[("X-Api-Key", READER)],
    ] {
        for path in ["/evaluate", "/risk-check"] {
            let answer = control.request("POST", path, headers, b"{}");
            assert_eq!(
                (answer.status, &answer.json()["code"]),
                (403, &json!("forbidden")),
                "{path} {headers:?}"
            );
            assert_eq!(answer.header("www-authenticate"), None);
            has_headers(&answer, None);
            assert_eq!(answer.json()["_request_id"].as_str(), answer.header("x-aegis-request-id"));
        }
    }
    let bearer = [("Authorization", &*format!("Bearer {BOT}"))];
    assert_eq!(control.request("POST", "/evaluate", &bearer, b"{}").status, 200);
}

#[test]
fn unknown_paths_and_other_methods_are_404_before_any_key() {
    let gateway = start("");
    let mut control = gateway.control_client();
    for (method, path) in [
        ("GET", "/evaluate"),
        ("PUT", "/evaluate"),
        ("PATCH", "/risk-check"),
        ("DELETE", "/risk-check"),
        ("GET", "/nowhere"),
        ("POST", "/evaluate/"),
        ("POST", "/health"),
    ] {
        let answer = control.request(method, path, &[], b"");
        assert_eq!((answer.status, answer.header("allow")), (404, None), "{method} {path}");
        has_headers(&answer, Some("anonymous"));
        if method != "HEAD" {
            let told = answer.json();
            assert_eq!(
                (&told["code"], &told["_tenant_id"]),
                (&json!("not_found"), &json!("anonymous")),
                "{path}"
            );
            assert!(told["error"].is_string() && told["_request_id"].is_string(), "{told}");
        }
    }
    for path in ["/evaluate", "/risk-check", "/health"] {
        let answer = control.request("OPTIONS", path, &[("Origin", "https://any.example")], b"");
        assert_eq!((answer.status, answer.body.len()), (204, 0));
        has_headers(&answer, Some("anonymous"));
    }
    // Pages elsewhere read nothing of any other surface.
    let status = control.request("GET", "/api/v1/status", &[("X-Api-Key", READER)], b"");
    assert_eq!((status.status, status.header("access-control-allow-origin")), (200, None));
    assert_eq!(status.header("x-aegis-tenant"), None);
}

#[test]
fn bodies_that_are_no_request_are_400_and_leave_no_decision() {
    let gateway = start("");
    for body in [
        "",
        "[]",
        "null",
        "{",
        "{\"risk_score\": NaN}",
        "{\"risk_score\": 1e999}",
        "{\"risk_baseline\": Infinity}",
        "{\"risk_baseline\": true}",
        "{\"risk_baseline\": null}",
        "{\"risk_baseline\": \"1\"}",
        "{\"shadow_mode\": 1}",
        "{\"metadata\": []}",
        "{\"quality_subscores\": [true]}",
        "{\"drift_baseline_data\": null}",
        "{\"phase\": \"deploy\"}",
        "{\"a\": 1, \"a\": 2}",
    ] {
        let answer = post(&gateway, "/evaluate", BOT, body);
        assert_eq!((answer.status, &answer.json()["code"]), (400, &json!("bad_request")), "{body}");
    }
    assert_eq!(post(&gateway, "/risk-check", BOT, "{}").json()["error"], "risk_score is required");
    let long = format!("{{\"proposal_summary\": \"{}\"}}", "x".repeat(1024 * 1024));
    assert_eq!(post(&gateway, "/evaluate", BOT, &long).status, 413);
    let packed = [("X-Api-Key", BOT), ("Content-Encoding", "gzip")];
    let answer = gateway.control_client().request("POST", "/evaluate", &packed, b"{}");
    assert_eq!(answer.status, 415);
    assert!(answer.json()["error"].as_str().unwrap().contains("Content-Encoding"), "{}", answer.text());
    assert!(gateway.records().iter().all(|record| record["kind"] != "decision"));
}

#[test]
fn in_production_a_key_has_ten_times_as_many_requests_a_second() {
    let gateway = super::world::configured("stage: prod\npolicy: {default: deny}", "");
    let answer = post(&gateway, "/risk-check", BOT, "{\"risk_score\": 0}");
    assert_eq!(answer.header("x-ratelimit-limit"), Some("500"));
}

#[test]
fn a_key_has_so_many_requests_a_second_whatever_the_other_surfaces_allow() {
    let gateway = start("  rate_limit: {per_second: 1}\n");
    let mut control = gateway.control_client();
    let headers = [("X-Api-Key", BOT)];
    // More than the clock can spread over enough seconds: 50 of each at most.
    let answers: Vec<_> =
        (0..400).map(|_| control.request("POST", "/risk-check", &headers, b"{\"risk_score\": 0}")).collect();
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status != 200).collect();
    assert_eq!(answers.first().map(|answer| answer.status), Some(200));
    assert_eq!(answers.first().and_then(|answer| answer.header("x-ratelimit-limit")), Some("50"));
    for answer in refused {
        assert_eq!((answer.status, &answer.json()["code"]), (429, &json!("rate_limited")));
        assert!(answer.header("retry-after").is_some_and(|seconds| seconds.parse::<u32>().is_ok()));
        has_headers(answer, Some("acme"));
    }
    let second = answers.iter().filter(|answer| answer.header("x-ratelimit-remaining").is_some()).count();
    assert_eq!(second, answers.len());
}
