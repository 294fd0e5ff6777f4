//! The recorded answers of the reference system: statuses and members are the same, but for the differences listed here.

use serde_json::Value;

use super::world::{ADMIN, ALICE, World};

const RECORDED: &str = include_str!("../../golden/policy-api/golden.jsonl");

/// Where we answer otherwise, by the name of the case: our status, and why.
const OTHERWISE: [(&str, u16, &str); 14] = [
    ("enforcement_noop_enforcer", 200, "nothing is active where nothing is enforced"),
    ("engine_create_duplicate_name", 409, "names are ids"),
    ("engine_create_empty_name", 422, "an engine has a name"),
    ("engine_create_nonadmin_invalid_body_order", 403, "who may not is told nothing of the body"),
    ("engine_list_bad_token", 400, "a token that no list gave is a mistake"),
    ("engine_list_max1", 200, "the next page has a token"),
    ("engine_get_missing", 404, "an engine that is not there is no failure of ours"),
    ("engine_put_405", 405, "every method of the path is named"),
    ("engine_trailing_slash", 404, "nothing is redirected"),
    ("policy_create_invalid_cedar", 400, "what is no Cedar is not written"),
    ("policy_create_empty_body", 400, "what is no Cedar is not written"),
    ("policy_create_multi", 400, "one policy a time"),
    ("policy_create_unknown_engine", 404, "no policy of an engine that is not there"),
    ("policy_list_unknown_engine", 404, "no list of an engine that is not there"),
];

/// The ids of the recording, and ours.
const IDS: [(&str, &str); 2] = [
    ("52602955fb7e4e2d9c0b8808fff0608f", "production"),
    ("2451375b6130464192a3cb5e7e66cc95", "gateway_enforcement"),
];

fn keys(value: &Value) -> Vec<&String> {
    value.as_object().map(|members| members.keys().collect()).unwrap_or_default()
}

#[test]
fn recorded_answers_are_ours_but_for_differences_with_names() {
    let world = World::with("{engine: gateway_enforcement}");
    let noop = World::with("{provider: noop}");
    let mut differing = Vec::new();
    for line in RECORDED.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let (name, request, recorded) = (case["name"].as_str().unwrap(), &case["request"], &case["response"]);
        let world = if name == "enforcement_noop_enforcer" { &noop } else { &world };
        let mut path = request["path"].as_str().unwrap().to_owned();
        for (theirs, ours) in IDS {
            path = path.replace(theirs, ours);
        }
        let mut headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
        for (header, value) in request["headers"].as_object().unwrap() {
            let value = value.as_str().unwrap().replace("<k-admin>", ADMIN).replace("k-admin", ADMIN);
            headers.push((header.clone(), value.replace("<k-alice>", ALICE)));
        }
        if name == "enforcement_noop_enforcer" {
            headers.push(("X-Api-Key".to_owned(), ADMIN.to_owned()));
        }
        let headers: Vec<_> = headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        let body = match &request["body"] {
            Value::Null => Vec::new(),
            Value::String(raw) => raw.clone().into_bytes(),
            other => other.to_string().into_bytes(),
        };
        let method = request["method"].as_str().unwrap();
        let answer = world.gateway.control_client().request(method, &path, &headers, &body);
        let theirs = recorded["status"].as_u64().unwrap();
        let otherwise = OTHERWISE.iter().find(|(other, ..)| *other == name);
        let expected = otherwise.map_or(theirs, |(_, status, _)| u64::from(*status));
        assert_eq!(u64::from(answer.status), expected, "{name}: {}", answer.text());
        if let Some((other, ..)) = otherwise {
            differing.push(*other);
            continue;
        }
        if let Some(asks) = recorded["headers"]["www-authenticate"].as_str() {
            assert_eq!(answer.header("www-authenticate"), Some(asks), "{name}");
        }
        let ours = answer.json();
        // Members may be added, never left out.
        for key in keys(&recorded["body"]) {
            assert!(ours.get(key).is_some(), "{name}: {key} of {ours}");
        }
        let details = (&recorded["body"]["detail"], &ours["detail"]);
        match details {
            (Value::String(theirs), ours) => assert_eq!(ours.as_str(), Some(theirs.as_str()), "{name}"),
            (Value::Array(theirs), ours) => {
                let ours = ours.as_array().unwrap();
                assert_eq!(ours.len(), theirs.len(), "{name}");
                for (ours, theirs) in ours.iter().zip(theirs) {
                    for member in ["type", "msg"] {
                        assert_eq!(ours[member], theirs[member], "{name}");
                    }
                    assert_eq!(ours["loc"][0], theirs["loc"][0], "{name}");
                }
            }
            _ => {}
        }
        for list in ["policy_engines", "policies"] {
            let theirs = recorded["body"][list].as_array().into_iter().flatten().next();
            let ours = ours[list].as_array().into_iter().flatten().next();
            for key in theirs.map(keys).unwrap_or_default() {
                assert!(ours.unwrap().get(key).is_some(), "{name}: {key}");
            }
        }
    }
    assert_eq!(differing.len(), OTHERWISE.len(), "every difference is one of a recorded case");
}
