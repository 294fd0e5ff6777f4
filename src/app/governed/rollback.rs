//! An earlier snapshot's rules and governance objects again in force.

use std::sync::Arc;

use crate::admin::By;
use crate::app::governed::Instead;
use crate::app::load::load_with;
use crate::app::reload::{Reloader, problems_of};
use crate::control::SnapshotRollback;
use crate::decision::compile;
use crate::gateway::{AdminError, Candidate, PublishError};
use crate::model::decision::SnapshotRef;

/// The cause of a snapshot that came back.
const ROLLBACK: &str = "rollback";

impl SnapshotRollback for Reloader {
    fn roll_back(&self, version: u64, by: &By) -> Result<SnapshotRef, AdminError> {
        // Nobody loads meanwhile: what is put in force is of the files that were read for it.
        let _one_at_a_time = self.turn();
        let content = self.administrator().snapshot(version)?;
        let loaded = load_with(self.source(), Instead::Back(&content))
            .map_err(|error| AdminError::Bad(problems_of(error)))?;
        let own_keys = self.own_keys(&loaded.config);
        let mut failure = None;
        let mut candidate = Candidate {
            hash: Arc::clone(&loaded.hash),
            source: ROLLBACK,
            by: Some(&by.key),
            files: &loaded.files_read,
            build: &mut |reference| {
                compile(&loaded.config, loaded.rules.clone(), own_keys, reference)
                    .map_err(|error| failure = Some(error.to_string()))
                    .ok()
            },
        };
        let rolled_back = self.administrator().roll_back(content, &mut candidate);
        if let (Err(AdminError::Failed(PublishError::NotBuilt)), Some(why)) = (&rolled_back, failure) {
            return Err(AdminError::Bad(problems_of(anyhow::anyhow!(why))));
        }
        let reference = rolled_back?;
        tracing::info!(
            by = &*by.key,
            version = reference.version,
            back_to = version,
            hash = %reference.hash,
            "the content of an earlier snapshot is in force"
        );
        self.in_force(&loaded);
        Ok(reference)
    }
}
