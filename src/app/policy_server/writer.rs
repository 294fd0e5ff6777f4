//! Another policy by API: checked, stored, recorded and in force before the answer, or not at all.

use crate::app::policy_server::StoredPolicy;
use crate::app::reload::{API, Reloader};
use crate::control::{PolicyRefused, PolicyWriter};
use crate::model::document::{Problem, Problems};

impl PolicyWriter for Reloader {
    fn replace(&self, text: &str, by: &str) -> Result<usize, PolicyRefused> {
        let _one_at_a_time = self.turn();
        let unavailable = |error: anyhow::Error| {
            tracing::error!(error = format!("{error:#}"), "a policy could not be stored");
            PolicyRefused::Unavailable("The policy cannot be stored, so nothing was changed.".to_owned())
        };
        let before = StoredPolicy::any(self.data_dir()).map_err(unavailable)?;
        let loaded = self.load_with(text).map_err(|error| refused(&error))?;
        let rules = loaded.rules.as_ref().map_or(0, |rules| rules.len());
        StoredPolicy::over(&loaded.rules_file, by, text).write(self.data_dir()).map_err(unavailable)?;
        let published = self.publish(&loaded, API, Some(by));
        let Err(error) = published else { return Ok(rules) };
        // It is not in force, so it does not come back with the next start either.
        let undone = match before {
            Some(before) => before.write(self.data_dir()),
            None => StoredPolicy::remove(self.data_dir()),
        };
        if let Err(error) = undone {
            tracing::error!(error = format!("{error:#}"), "a policy that is not in force is still stored");
        }
        tracing::error!(error = format!("{error:#}"), "a policy was not put in force");
        Err(PolicyRefused::Unavailable("The policy cannot be recorded, so nothing was changed.".to_owned()))
    }
}

/// What is wrong with a policy, for whoever sent it.
fn refused(error: &anyhow::Error) -> PolicyRefused {
    let place = |problem: &Problem| {
        let whole = problem.to_string();
        let file = format!("{}: ", problem.place);
        (
            usize::try_from(problem.place.line).ok().filter(|line| *line > 0),
            whole.strip_prefix(&file).unwrap_or(&whole).to_owned(),
        )
    };
    match error.downcast_ref::<Problems>() {
        Some(problems) => {
            let (shown, more) = problems.shown();
            PolicyRefused::Bad { problems: shown.iter().map(place).collect(), more }
        }
        None => PolicyRefused::Bad { problems: vec![(None, format!("{error:#}"))], more: 0 },
    }
}
