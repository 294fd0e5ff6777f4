//! `aegis test`: cases that pass, cases that fail, the report in each form, and the rules no case reached.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde_json::{Value, json};

use crate::support::golden;
use crate::verbs::folder::Folder;

const POLICY: &str = r#"rules:
  - {name: reads, match: {type: "read*"}, approval: auto, risk_level: low}
  - {name: pays, match: {type: pay}, conditions: {time_after: "09:00"}, approval: approve}
  - {name: never_asked, match: {type: erase}, approval: block}
"#;

const CASES: &str = r#"at: 2026-07-15T12:00:00Z
cases:
  - name: reads pass
    action: {type: read_file, target: /docs/a}
    expect: {approval: auto, rule: reads, risk: low}
  - name: "payments <wait> & \u0007 \"are\" held"
    action: {type: pay, agent: bot-1, params: {amount: 5}}
    expect: {outcome: ALLOW, risk: high}
  - name: not at night
    action: {type: pay}
    at: 2026-07-15T08:59:00Z
    expect: {approval: block, rule: <default>}
  - name: another rule
    action: {type: read_file}
    expect: {approval: auto, rule: pays}
"#;

fn folder() -> Folder {
    Folder::with(&[("policy.yaml", POLICY), ("cases.yaml", CASES)])
}

#[test]
fn failures_are_told_with_what_was_expected() {
    let ran = folder().run(&["test", "policy.yaml", "cases.yaml", "--coverage"]);
    assert_eq!((ran.code, ran.errors.as_str()), (1, ""));
    golden("verbs/test.txt", &ran.said);
}

#[test]
fn as_json_every_case_is_told() {
    let ran = folder().run(&["test", "policy.yaml", "cases.yaml", "--coverage", "--format", "json"]);
    assert_eq!(ran.code, 1);
    let said: Value = serde_json::from_str(&ran.said).unwrap();
    assert_eq!((&said["passed"], &said["failed"]), (&json!(2), &json!(2)));
    assert_eq!(
        said["coverage"]["unreached"],
        json!([{"rule": "never_asked", "file": "policy.yaml", "line": 4}])
    );
    let case = &said["cases"][1];
    assert_eq!((&case["ok"], &case["line"]), (&json!(false), &json!(6)));
    assert_eq!(
        case["expected"],
        json!({"approval": "auto", "outcome": "ALLOW", "rule": null, "risk": "high", "plan_rule": null})
    );
    assert_eq!(
        (&case["answer"]["approval"], &case["answer"]["matched_rule"]),
        (&json!("approve"), &json!("pays"))
    );
}

fn attribute(element: &BytesStart<'_>, name: &str) -> String {
    let found = element.try_get_attribute(name).unwrap().unwrap_or_else(|| panic!("{name} of {element:?}"));
    found.normalized_value(quick_xml::XmlVersion::Explicit1_0).unwrap().into_owned()
}

#[test]
fn the_xml_is_what_build_servers_read() {
    let folder = folder();
    let ran = folder.run(&["test", "policy.yaml", "cases.yaml", "--format", "junit", "-o", "report.xml"]);
    assert_eq!((ran.code, ran.said.as_str()), (1, "2 of 4 cases failed\n"));
    let text = folder.read("report.xml");
    assert!(text.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"), "{text}");
    assert!(!text.chars().any(|letter| letter.is_control() && letter != '\n'), "no XML holds these: {text}");
    let mut reader = Reader::from_str(&text);
    let (mut cases, mut failures, mut open) = (Vec::new(), Vec::new(), Vec::new());
    loop {
        match reader.read_event().unwrap() {
            Event::Start(element) | Event::Empty(element) if element.name().as_ref() == "testcase" => {
                assert_eq!(open, ["testsuites", "testsuite"], "where cases stand");
                assert_eq!(attribute(&element, "classname"), "policy.yaml");
                assert!(attribute(&element, "time").parse::<f64>().unwrap() >= 0.0);
                cases.push(attribute(&element, "name"));
            }
            Event::Start(element) if element.name().as_ref() == "failure" => {
                failures.push((cases.last().unwrap().clone(), attribute(&element, "message")));
            }
            Event::Start(element) => {
                assert_eq!(
                    (attribute(&element, "tests"), attribute(&element, "failures")),
                    ("4".into(), "2".into())
                );
                open.push(element.name().as_ref().to_owned());
            }
            Event::Eof => break,
            _ => {}
        }
    }
    let held = "payments <wait> & \\u{7} \"are\" held";
    assert_eq!(cases, ["reads pass", held, "not at night", "another rule"]);
    assert_eq!(
        failures,
        [
            (
                held.to_owned(),
                "approval: expected auto, is approve; risk: expected high, is medium".to_owned()
            ),
            ("another rule".to_owned(), "rule: expected pays, is reads".to_owned()),
        ]
    );
}

#[test]
fn too_little_coverage_fails() {
    let cases = "cases:\n- {name: a, action: {type: read}, expect: {approval: auto}}\n";
    let folder = Folder::with(&[("policy.yaml", POLICY), ("cases.yaml", cases)]);
    for (wanted, code) in [("33", 0), ("34", 1)] {
        let ran = folder.run(&["test", "policy.yaml", "cases.yaml", "--fail-under", wanted]);
        assert_eq!(ran.code, code, "{}", ran.said);
        assert!(ran.said.ends_with("1 case passed; 1 of 3 rules reached (33 %)\n"), "{}", ran.said);
        assert_eq!(
            ran.errors.contains("33 % of the rules, less than --fail-under 34"),
            code == 1,
            "{}",
            ran.errors
        );
    }
    assert_eq!(folder.run(&["test", "policy.yaml", "cases.yaml"]).said, "1 case passed\n");
}

#[test]
fn mistakes_in_cases_are_told_at_once_with_their_places() {
    let folder = Folder::with(&[("policy.yaml", POLICY)]);
    for (cases, places) in [
        (
            "cases:\n- {name: a, action: {typ: x}, expect: {approval: auto}}\n- {nam: b}\n",
            &["2:22", "3:4", "3:3"][..],
        ),
        (
            "version: 2\nat: noon\ncases:\n- {name: a, action: {type: x}, expect: {}}\n- {name: a, action: {type: x}, expect: \
             {approval: Auto, risk: huge}}\n- {name: c, at: x, action: {type: x}, expect: {approval: auto, outcome: DENY}}\n",
            &["1:10", "2:5", "4:40", "5:10", "5:51", "5:63", "6:17", "6:47"],
        ),
        ("rules: []\n", &["1:1"]),
    ] {
        folder.write("cases.yaml", cases);
        let ran = folder.run(&["test", "policy.yaml", "cases.yaml"]);
        assert_eq!((ran.code, ran.said.as_str()), (64, ""), "{}", ran.errors);
        for place in places {
            let place = format!("cases.yaml:{place}: ");
            assert!(ran.errors.lines().any(|line| line.starts_with(&place)), "{place} in:\n{}", ran.errors);
        }
    }
}

#[test]
fn mistakes_of_both_files_are_told() {
    let folder = Folder::with(&[("policy.yaml", "rules: 5\n"), ("cases.yaml", "cases: 5\n")]);
    let ran = folder.run(&["test", "policy.yaml", "cases.yaml"]);
    assert_eq!(ran.code, 64);
    assert!(
        ran.errors.contains("policy.yaml:1:8") && ran.errors.contains("cases.yaml:1:8"),
        "{}",
        ran.errors
    );
}
