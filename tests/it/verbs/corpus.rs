//! `tests/cases`: policies and what they must say, text in, decision out. Each NAME.yaml is held against NAME.cases.yaml.

use std::path::Path;

use crate::support::aegis;

#[test]
fn every_policy_says_what_its_cases_expect() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .filter_map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            name.strip_suffix(".cases.yaml").map(str::to_owned)
        })
        .collect();
    names.sort();
    assert!(names.len() >= 4, "{names:?}");
    for name in names {
        let (policy, cases) = (format!("{name}.yaml"), format!("{name}.cases.yaml"));
        let output = aegis()
            .args(["test", &policy, &cases, "--fail-under", "100"])
            .current_dir(&folder)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{said}");
    }
}
