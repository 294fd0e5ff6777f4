//! Reports of what became of proposals.

use crate::extract::bodies::members::{FieldError, Members, parse, problem};
use crate::model::decision::{Report, ReportStatus};
use crate::model::json::Reader;

/// Longest `output_summary`, in characters.
const SUMMARY_MAX_CHARS: usize = 500;

/// Longest other text, in bytes.
const TEXT_MAX_BYTES: usize = 128;

/// Reads the body of a report.
///
/// # Errors
/// Everything that is wrong with it; at least one.
pub fn read_report(reader: &Reader, body: &[u8]) -> Result<Report, Vec<FieldError>> {
    let mut errors = Vec::new();
    let mut root = Members::of("", Some(parse(reader, body)?), &mut errors);
    let decision_id = root.required_text("decision_id", TEXT_MAX_BYTES, &mut errors);
    let status = root.required_text("status", TEXT_MAX_BYTES, &mut errors);
    let summary = root.free_text("output_summary", &mut errors);
    let duration = root.integer("duration_ms", &mut errors);
    let exit_code = root.integer("exit_code", &mut errors);
    root.nothing_else(&mut errors);
    let status = status.and_then(|status| {
        let found = ReportStatus::parse(status.as_str());
        if found.is_none() {
            let all = ReportStatus::ALL.map(ReportStatus::as_str).join(", ");
            errors.push(problem("status", &format!("is one of {all}")));
        }
        found
    });
    let duration_ms = duration.map(u64::try_from).transpose().unwrap_or_else(|_| {
        errors.push(problem("duration_ms", "is not negative"));
        None
    });
    if summary.as_ref().is_some_and(|text| text.as_str().chars().count() > SUMMARY_MAX_CHARS) {
        errors.push(problem("output_summary", &format!("has at most {SUMMARY_MAX_CHARS} characters")));
    }
    match (decision_id, status) {
        (Some(decision_id), Some(status)) if errors.is_empty() => Ok(Report {
            decision_id: decision_id.as_str().to_owned(),
            status,
            summary: summary.as_ref().map(|text| in_one_line(text.as_str())),
            duration_ms,
            exit_code,
        }),
        _ => Err(errors),
    }
}

/// What tools print has lines; what is recorded of it has none, nor anything else that a terminal would act on.
fn in_one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read_or_everything_wrong_is_said() {
        let read = |body: &str| read_report(&Reader::default(), body.as_bytes());
        let good =
            read(r#"{"decision_id": "dec_x", "status": "timeout", "duration_ms": 12, "exit_code": -1}"#);
        let good = good.unwrap();
        assert_eq!(
            (good.status, good.duration_ms, good.exit_code),
            (ReportStatus::Timeout, Some(12), Some(-1))
        );
        let bad = read(
            r#"{"status": "fine", "duration_ms": -1, "exit_code": 1.5, "output_summary": 7, "result": "x"}"#,
        );
        let fields: Vec<String> = bad.unwrap_err().into_iter().map(|error| error.field).collect();
        assert_eq!(fields, ["decision_id", "output_summary", "exit_code", "result", "status", "duration_ms"]);
    }
}
