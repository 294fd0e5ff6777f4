//! Every recorded answer of agent-aegis 1.0.0, asked again: the same status and body, but for the differences in [`DIFFERENCES`],
//! which docs/compatibility.md explains. Times, sessions and the like are masked in the recording; members that are ours may be added.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::world::{Server, Start};
use crate::support::{Answer, Client};

const RECORDED: &str = include_str!("../../golden/agent-aegis.jsonl");
const EXPLAINED: &str = include_str!("../../../docs/compatibility.md");

/// What a difference comes to.
#[derive(Clone, Copy, Debug)]
enum Ours {
    /// The policy is refused when loaded; with `--lenient` the recorded answer comes.
    Lenient,
    /// This status, whatever is in the body.
    Status(u16),
    /// 200, and the action is blocked: the rule could not be evaluated.
    Denies,
    /// The policy is not loaded at all.
    Refused,
}

/// By the name of the difference and the beginnings of the names of its cases, what is answered instead. The first line that fits
/// counts.
const DIFFERENCES: &[(&str, &[&str], Ours)] = &[
    ("strict-json", &["malformed_evaluate_duplicate_keys", "malformed_evaluate_utf16"], Ours::Status(400)),
    ("batch-items", &["batch_item_without_type_fails_all"], Ours::Status(200)),
    (
        "json-errors",
        &["route_unknown", "route_double_slash", "route_root_no", "route_dashboard_api_no"],
        Ours::Status(404),
    ),
    (
        "json-errors",
        &[
            "route_evaluate_get",
            "route_evaluate_options",
            "route_execute_get",
            "route_audit_post",
            "route_policy_p",
        ],
        Ours::Status(405),
    ),
    ("no-redirects", &["route_evaluate_trailing_slash"], Ours::Status(404)),
    (
        "no-dashboard",
        &["route_root_dashboard", "route_dashboard", "serve_ext_", "auth_rollback"],
        Ours::Status(404),
    ),
    ("metrics-path", &["route_metrics_absent"], Ours::Status(200)),
    ("unknown-paths", &["auth_unknown_path", "auth_dashboard"], Ours::Status(404)),
    ("bearer", &["auth_bearer_not_accepted"], Ours::Status(200)),
    ("keyless-put", &["put_without_admin_key_configured"], Ours::Status(200)),
    ("audit-query", &["audit_filter_offset_ignored"], Ours::Status(200)),
    ("agent-id", &["policy_shape_match_agent_question_matches_missing_eval"], Ours::Status(200)),
    ("policy-shown", &["put_date_in_conditions", "put_nan_in_conditions"], Ours::Status(200)),
    ("dotted-parameters", &["cond_eq_dotted_key_not_a_path_0"], Ours::Denies),
    (
        "type-errors",
        &[
            "cond_gt_3",
            "cond_gt_8",
            "cond_gt_string_2",
            "cond_contains_4",
            "cond_matches_2",
            "cond_spec_list_0",
            "cond_conditions_list_0",
            "cond_conditions_string_0",
            "cond_weekdays_scalar_0",
            "cond_weekdays_string_0",
            "cond_semantic_number_0",
        ],
        Ours::Denies,
    ),
    ("regex-engine", &["cond_matches_lookahead_1"], Ours::Denies),
    (
        "strict-policies",
        &[
            "cond_matches_invalid_regex",
            "cond_unknown_condition",
            "cond_typo_case",
            "cond_time_before_midnight",
            "cond_weekdays_n",
            "cond_semantic_null",
            "policy_shape_rule_unknown_key",
            "policy_shape_match_unknown_key",
            "put_yaml_conditions_unknown",
            "put_yaml_bad_regex",
        ],
        Ours::Lenient,
    ),
    ("non-ascii-keys", &["put_non_ascii_key"], Ours::Status(401)),
    ("glob-lists", &["put_yaml_match_type_list"], Ours::Status(400)),
    ("merge-keys", &["policy_shape_yaml_anchor_get"], Ours::Refused),
];

#[derive(Debug, Deserialize)]
struct Case {
    name: String,
    policy_yaml: String,
    request: Request,
    response: Response,
    #[serde(default)]
    env: Option<BTreeMap<String, String>>,
    #[serde(default)]
    args: Option<Vec<String>>,
    #[serde(default)]
    setup: Option<Vec<Request>>,
}

#[derive(Debug, Deserialize)]
struct Request {
    method: String,
    path: String,
    #[serde(default)]
    query: Option<BTreeMap<String, String>>,
    #[serde(default)]
    headers: Option<BTreeMap<String, String>>,
    /// As it was sent: not all of it is JSON that can be read.
    body: Option<Box<RawValue>>,
    body_raw: Option<String>,
    body_b64: Option<String>,
    body_fill: Option<usize>,
}

#[derive(Debug, Deserialize)]
struct Response {
    status: u16,
    body: Value,
}

/// The cases that share a server, and how it is started.
struct Group<'c> {
    policy: &'c str,
    start: Start,
    cases: Vec<&'c Case>,
}

#[test]
fn every_recorded_answer_comes_again_but_for_what_differs_by_name() {
    let cases: Vec<Case> = RECORDED.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let groups = groups(&cases);
    let (next, used, wrong) = (AtomicUsize::new(0), Mutex::new(BTreeSet::new()), Mutex::new(Vec::new()));
    // Servers are started and waited for most of the time, so a few of them at once.
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(group) = groups.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let found = check(group, &used);
                    wrong.lock().unwrap().extend(found);
                }
            });
        }
    });
    let (wrong, used) = (wrong.into_inner().unwrap(), used.into_inner().unwrap());
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    for (name, beginnings, _) in DIFFERENCES {
        assert!(EXPLAINED.contains(&format!("| {name} |")), "docs/compatibility.md does not explain {name}");
        for beginning in *beginnings {
            assert!(used.contains(beginning), "{name}: no case that begins with {beginning} differs");
        }
    }
}

/// Servers keep what they are told, so a case that tells one something has one of its own.
fn groups(cases: &[Case]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut shared: BTreeMap<(&str, String), usize> = BTreeMap::new();
    for case in cases {
        let mut start = Start {
            arguments: case.args.clone().unwrap_or_default(),
            variables: case.env.clone().unwrap_or_default().into_iter().collect(),
            deaf: false,
        };
        let difference = difference(case);
        if matches!(difference, Some((_, _, Ours::Lenient | Ours::Denies))) {
            start.arguments.push("--lenient".to_owned());
        }
        let alone =
            case.setup.is_some() || case.request.method != "POST" || case.request.path.ends_with("execute");
        let key = (case.policy_yaml.as_str(), format!("{start:?}"));
        match shared.get(&key).filter(|_| !alone).and_then(|at| groups.get_mut(*at)) {
            Some(group) => group.cases.push(case),
            None => {
                if !alone {
                    shared.insert(key, groups.len());
                }
                groups.push(Group { policy: &case.policy_yaml, start, cases: vec![case] });
            }
        }
    }
    groups
}

fn difference(case: &Case) -> Option<(&'static str, &'static str, Ours)> {
    DIFFERENCES.iter().find_map(|(name, beginnings, ours)| {
        let beginning = beginnings.iter().find(|beginning| case.name.starts_with(**beginning))?;
        Some((*name, *beginning, *ours))
    })
}

/// What is wrong with the cases of a group.
fn check<'c>(group: &Group<'c>, used: &Mutex<BTreeSet<&'static str>>) -> Vec<String> {
    let server = match Server::try_start(group.policy, &group.start) {
        Ok(server) => server,
        Err((Some(64), _)) if group.cases.iter().all(|case| is_refused(case, used)) => return Vec::new(),
        Err((status, said)) => {
            let names: Vec<_> = group.cases.iter().map(|case| case.name.as_str()).collect();
            return vec![format!("{names:?}: the server ended with {status:?}: {said}")];
        }
    };
    let mut wrong = Vec::new();
    for case in &group.cases {
        for request in case.setup.iter().flatten() {
            ask(&server, request);
        }
        let answer = ask(&server, &case.request);
        let as_recorded = is_as_recorded(case, &answer);
        let difference = difference(case);
        let fits = match difference {
            None => as_recorded,
            Some((_, beginning, ours)) => {
                used.lock().unwrap().insert(beginning);
                match ours {
                    Ours::Lenient => as_recorded,
                    Ours::Status(status) => answer.status == status && !as_recorded,
                    Ours::Refused => false,
                    Ours::Denies => {
                        answer.status == 200 && answer.json()["approval"] == "block" && !as_recorded
                    }
                }
            }
        };
        if !fits {
            let recorded = &case.response;
            let (status, text) = (answer.status, answer.text());
            wrong.push(format!("{} ({difference:?}): {recorded:?}, but {status} {text:.400}", case.name));
        }
    }
    wrong
}

fn is_refused(case: &Case, used: &Mutex<BTreeSet<&'static str>>) -> bool {
    let Some((_, beginning, Ours::Refused)) = difference(case) else { return false };
    used.lock().unwrap().insert(beginning)
}

/// A recorded 500 must be a 4xx, never a 5xx.
fn is_as_recorded(case: &Case, answer: &Answer) -> bool {
    let Response { status, body } = &case.response;
    if *status == 500 {
        return (400..500).contains(&answer.status);
    }
    let ours = serde_json::from_slice(&answer.body).unwrap_or_else(|_| Value::String(answer.text()));
    answer.status == *status && holds(body, &ours)
}

/// Whether `ours` holds all of `recorded`.
fn holds(recorded: &Value, ours: &Value) -> bool {
    match (recorded, ours) {
        (Value::Object(recorded), Value::Object(ours)) => {
            recorded.iter().all(|(name, value)| ours.get(name).is_some_and(|ours| holds(value, ours)))
        }
        (Value::Array(recorded), Value::Array(ours)) => {
            recorded.len() == ours.len()
                && recorded.iter().zip(ours).all(|(recorded, ours)| holds(recorded, ours))
        }
        (Value::String(mask), Value::String(ours)) if ["<TS>", "<SESSION>"].contains(&mask.as_str()) => {
            !ours.is_empty()
        }
        (recorded, ours) => recorded == ours,
    }
}

fn ask(server: &Server, request: &Request) -> Answer {
    let mut target = request.path.clone();
    for (index, (name, value)) in request.query.iter().flatten().enumerate() {
        let value = if value == "<SESSION>" { session(server) } else { value.clone() };
        target.push(if index == 0 { '?' } else { '&' });
        target.push_str(&format!("{name}={}", encoded(&value)));
    }
    let mut head =
        format!("{} {target} HTTP/1.1\r\nHost: {}\r\n", request.method, server.address).into_bytes();
    for (name, value) in request.headers.iter().flatten() {
        // As the recording client sent them: Latin-1.
        head.extend(format!("{name}: ").bytes());
        head.extend(value.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()));
        head.extend(b"\r\n");
    }
    let body = body(request);
    if !body.is_empty() || matches!(request.method.as_str(), "POST" | "PUT" | "PATCH") {
        head.extend(format!("Content-Length: {}\r\n", body.len()).bytes());
    }
    head.extend(b"\r\n");
    head.extend(body);
    let mut client = Client::connect(server.address);
    client.send(&head);
    client.answer().unwrap_or_else(|| panic!("no answer to {request:?}"))
}

fn body(request: &Request) -> Vec<u8> {
    if let Some(raw) = &request.body_raw {
        return raw.clone().into_bytes();
    }
    if let Some(encoded) = &request.body_b64 {
        return data_encoding::BASE64.decode(encoded.as_bytes()).unwrap();
    }
    if let Some(bytes) = request.body_fill {
        let (start, end) = ("{\"action_type\":\"read\",\"target\":\"", "\"}");
        let filler = "a".repeat(bytes - start.len() - end.len());
        return format!("{start}{filler}{end}").into_bytes();
    }
    request.body.as_ref().map(|body| body.get().as_bytes().to_vec()).unwrap_or_default()
}

fn session(server: &Server) -> String {
    server.audit("")[0]["session_id"].as_str().unwrap().to_owned()
}

fn encoded(text: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    text.bytes()
        .map(|byte| if plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
