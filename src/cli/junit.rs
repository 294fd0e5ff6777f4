//! The report of `aegis test` as JUnit's XML, which build servers read.

use anyhow::Result;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use crate::cli::output::plain;
use crate::cli::test::{Verdict, Verdicts};
use crate::cli::verdicts::failure;

/// One suite: the file of cases, a test case each.
pub(super) fn report(verdicts: &Verdicts) -> Result<String> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let (tests, failures) = (verdicts.list.len().to_string(), verdicts.failed().to_string());
    let time = seconds(verdicts.list.iter().map(|verdict| verdict.took.as_secs_f64()).sum());
    let counts = [("tests", tests.as_str()), ("failures", &failures), ("errors", "0"), ("time", &time)];
    writer
        .create_element("testsuites")
        .with_attribute(("name", "aegis test"))
        .with_attributes(counts)
        .write_inner_content(|writer| {
            writer
                .create_element("testsuite")
                .with_attribute(("name", legal(&verdicts.cases).as_str()))
                .with_attributes(counts)
                .with_attribute(("skipped", "0"))
                .write_inner_content(|writer| {
                    verdicts.list.iter().try_for_each(|verdict| case(writer, verdicts, verdict))
                })?;
            Ok(())
        })?;
    Ok(String::from_utf8(writer.into_inner())? + "\n")
}

fn case(writer: &mut Writer<Vec<u8>>, verdicts: &Verdicts, verdict: &Verdict) -> std::io::Result<()> {
    let (case, time) = (&verdict.case, seconds(verdict.took.as_secs_f64()));
    let element = writer
        .create_element("testcase")
        .with_attribute(("name", legal(&case.name).as_str()))
        .with_attribute(("classname", legal(&verdicts.policy).as_str()))
        .with_attribute(("file", legal(&case.place.source).as_str()))
        .with_attribute(("line", case.place.line.to_string().as_str()))
        .with_attribute(("time", time.as_str()));
    if verdict.misses.is_empty() {
        element.write_empty()?;
        return Ok(());
    }
    let told: Vec<String> = verdict
        .misses
        .iter()
        .map(|(member, expected, found)| format!("{member}: expected {expected}, is {found}"))
        .collect();
    element.write_inner_content(|writer| {
        writer
            .create_element("failure")
            .with_attribute(("message", legal(&told.join("; ")).as_str()))
            .with_attribute(("type", "decision"))
            .write_text_content(BytesText::new(&legal_lines(&failure(verdict))))?;
        Ok(())
    })?;
    Ok(())
}

fn seconds(seconds: f64) -> String {
    format!("{seconds:.6}")
}

/// Text that XML can hold: control characters are spelled out, and so are the two code points that are no characters.
fn legal(text: &str) -> String {
    plain(text).replace('\u{fffe}', "\\u{fffe}").replace('\u{ffff}', "\\u{ffff}")
}

fn legal_lines(text: &str) -> String {
    text.lines().map(|line| legal(line) + "\n").collect()
}
