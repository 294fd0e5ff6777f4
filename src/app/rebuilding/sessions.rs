//! The histories of sessions as a start finds them in the ledger.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::config::SessionLimits;
use crate::decision::PolicySnapshot;
use crate::facts::Sessions;
use crate::gateway::restore_sessions;
use crate::model::time::Timestamp;

/// The histories of the sessions of the ledger in `data_dir`; none where no rule of `snapshot` looks at sessions.
pub(in crate::app) fn sessions(
    data_dir: &Path,
    limits: SessionLimits,
    snapshot: &PolicySnapshot,
    now: Timestamp,
) -> Result<Sessions> {
    let Some(plan) = snapshot.plan() else { return Ok(Sessions::new(limits)) };
    let began = Instant::now();
    let (sessions, records) = restore_sessions(&data_dir.join("ledger"), limits, plan, now).context(
        "what was done in sessions cannot be read from the ledger, and without it plan_rules would begin anew",
    )?;
    let (count, seconds) = (sessions.count(), began.elapsed().as_secs_f64());
    tracing::info!(sessions = count, records, seconds, "what was done in sessions was read from the ledger");
    Ok(sessions)
}
