//! Metrics: each declared once, in `telemetry/`, with the prefix and its unit in the name.

use crate::tidy::text::{SourceFile, Violation, pattern};

/// What every metric starts with.
const PREFIX: &str = "aegis_";
/// What a metric ends with: its unit, or that it only grows.
const UNITS: [&str; 3] = ["_seconds", "_bytes", "_total"];
/// Metrics without a unit: states, counts, a version number, a score, and what the build is.
const WITHOUT_UNIT: [&str; 10] = [
    "aegis_holds",
    "aegis_snapshot_version",
    "aegis_gate_value",
    "aegis_build_info",
    "aegis_upstream_healthy",
    "aegis_index_lag_records",
    "aegis_facts_actors",
    "aegis_facts_grants",
    "aegis_cedar_candidates",
    "aegis_cedar_policies",
];
/// Literals that start like a metric and are none: the crate's own name, for log filters.
const NOT_METRICS: [&str; 1] = ["aegis_gateway"];

/// What stands before the name of a metric where it is declared.
const DECLARES: &str = r"(?x)
    (?: \b (?: Desc | \w* (?: Opts | Counter | CounterVec | Gauge | GaugeVec | Histogram | HistogramVec ) ) \s* :: \s* new
      | \b (?: \w+_ )? (?: counter | gauge | histogram ) (?: _vec )? \s* !?
    )
    \s* \( $";

/// In `telemetry/`, what is declared as a metric has the prefix, and what has the prefix has a unit.
pub(crate) fn metrics_have_prefix_and_unit(files: &[SourceFile]) -> Vec<Violation> {
    let declares = pattern(DECLARES);
    let name = pattern(r"^[a-z][a-z0-9]*(?:_[a-z0-9]+)*$");
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| file.is_source() && file.is_under("src/telemetry")) {
        for literal in file.literals.iter().filter(|literal| !file.is_test(literal.offset)) {
            let text = literal.text.as_str();
            if !name.is_match(text) || NOT_METRICS.contains(&text) {
                continue;
            }
            if text.starts_with(PREFIX) {
                if !UNITS.iter().any(|unit| text.ends_with(unit)) && !WITHOUT_UNIT.contains(&text) {
                    let fix = format!(
                        "a metric ends in its unit, one of {}, or stands in the list of those without",
                        UNITS.join(" ")
                    );
                    violations.push(file.violation(literal.offset, fix));
                }
            } else if declares.is_match(file.code_before(literal.offset)) {
                violations.push(file.violation(literal.offset, format!("a metric starts with `{PREFIX}`")));
            }
        }
    }
    violations
}

/// A metric's name stands once, and only in `telemetry/`.
pub(crate) fn metrics_are_declared_once(files: &[SourceFile]) -> Vec<Violation> {
    let mut seen: Vec<&str> = Vec::new();
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| file.is_source()) {
        for literal in file.literals.iter().filter(|literal| !file.is_test(literal.offset)) {
            let text = literal.text.as_str();
            let is_metric = text.starts_with(PREFIX)
                && (UNITS.iter().any(|unit| text.ends_with(unit)) || WITHOUT_UNIT.contains(&text))
                && !text.contains(' ');
            if !is_metric {
                continue;
            }
            if !file.is_under("src/telemetry") {
                violations.push(
                    file.violation(literal.offset, "metrics are declared in `telemetry/`: use the one there"),
                );
            } else if seen.contains(&text) {
                violations.push(
                    file.violation(literal.offset, format!("`{text}` is declared already: use that one")),
                );
            } else {
                seen.push(text);
            }
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::text::{clean, planted};

    #[test]
    fn a_metric_without_prefix_or_unit_is_found() {
        planted(
            metrics_have_prefix_and_unit,
            &[(
                "src/telemetry/metrics.rs",
                "Opts::new(\"requests_total\", \"How many.\"); //~\nHistogramOpts::new(\n    \"aegis_decision_time\", //~\n    \
                 \"How long.\",\n);\ncounter(\"shed_total\"); //~",
            )],
        );
        clean(
            metrics_have_prefix_and_unit,
            &[
                (
                    "src/telemetry/metrics.rs",
                    "Opts::new(\"aegis_requests_total\", \"help\");\nOpts::new(\"aegis_build_info\", \"help\");\n\
                     // Opts::new(\"requests\")\nlabels(&[\"route\", \"outcome\"]);\nEnvFilter::new(\"aegis_gateway\");",
                ),
                ("src/gateway/a.rs", "Opts::new(\"requests_total\")"),
            ],
        );
    }

    #[test]
    fn a_metric_named_twice_is_found() {
        planted(
            metrics_are_declared_once,
            &[
                ("src/gateway/a.rs", "count(\"aegis_shed_total\"); //~"),
                ("src/telemetry/metrics.rs", "a(\"aegis_shed_total\");\nb(\"aegis_shed_total\"); //~"),
            ],
        );
        clean(
            metrics_are_declared_once,
            &[
                ("src/telemetry/metrics.rs", "a(\"aegis_shed_total\");\nb(\"aegis_holds\");"),
                ("src/gateway/tests.rs", "assert(\"aegis_shed_total\");"),
                ("src/cli/demo.rs", "f(\"aegis_gateway\"); // aegis_shed_total"),
            ],
        );
    }
}
