//! Policies as Cedar's own formatter writes them. Imports the reader of policies.

use cedar_policy_formatter::{Config, policies_str_to_pretty};

use crate::policy::cedar::read::with_room;
use crate::policy::cedar::{CedarPolicy, CedarProblem, CedarProblems};

/// How lines are broken: as the formatter's own command does by default.
const CONFIG: Config = Config { line_width: 80, indent_width: 2 };

/// The policy's text in the formatter's layout, comments kept, with a line feed at its end.
///
/// # Errors
/// The formatter could not show that its text means the same.
pub fn formatted(policy: &CedarPolicy) -> Result<String, CedarProblems> {
    let text = policy.text();
    let pretty = with_room(|| policies_str_to_pretty(text, &CONFIG));
    let mut pretty = pretty.map_err(|error| CedarProblem::at(text, 0, 0, error.to_string()))?;
    if !pretty.ends_with('\n') {
        pretty.push('\n');
    }
    Ok(pretty)
}
