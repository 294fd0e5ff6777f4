//! Files that verbs read: what is wrong with one is told as `aegis check` tells it.

use std::path::Path;

use anyhow::Result;

use crate::app::{Loading, PolicyFile};
use crate::cli::output;

/// How the verbs that only ask load rules files.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct LoadingArguments {
    /// Load rules files as agent-aegis would, and warn of what is wrong with them.
    #[arg(long)]
    lenient: bool,
}

impl LoadingArguments {
    pub(super) const fn loading(self) -> Loading {
        if self.lenient { Loading::Lenient } else { Loading::Strict }
    }

    /// The rules file at `path`; else its problems are printed, a line each. What is tolerated is printed too.
    pub(super) fn policy(self, path: &Path) -> Option<PolicyFile> {
        let policy = or_problems(PolicyFile::load(path, self.loading()))?;
        policy.tolerated().iter().for_each(output::warning);
        Some(policy)
    }
}

/// What was loaded; else its problems are printed, a line each.
pub(super) fn or_problems<T>(loaded: Result<T>) -> Option<T> {
    match loaded {
        Ok(loaded) => Some(loaded),
        Err(error) => {
            output::problems(&format!("{error:#}"));
            None
        }
    }
}
