//! The live numbers as a start finds them in the ledger.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::audit::Ledger;
use crate::facts::Live;
use crate::gateway::{Begun, Fold};

/// Its checkpoint in the data folder.
const FILE: &str = "facts.checkpoint";

/// The live numbers, with the fold they come from.
#[derive(Debug)]
pub(in crate::app) struct Rebuilt {
    pub(super) live: Arc<Live>,
    pub(super) fold: Fold,
    /// Name of the epoch that this process writes.
    pub(super) own: String,
}

impl Rebuilt {
    /// Reads what the checkpoint in `data_dir` lacks of `ledger`; all of the ledger where there is none that can be used.
    pub(in crate::app) fn make(data_dir: &Path, ledger: &Ledger) -> Result<Self> {
        let file = data_dir.join(FILE);
        let own = ledger.epoch_directory();
        let folder = own.parent().unwrap_or(Path::new("."));
        let began = Instant::now();
        let make = || {
            let (mut fold, begun) = Fold::begin(folder, &file)?;
            let records = fold.catch_up()?;
            Ok::<_, crate::gateway::RebuildError>((Arc::new(fold.live()?), fold, begun, records))
        };
        let (live, fold, begun, records) = make().context(
            "what callers have used of their limits cannot be read from the ledger, and without it they would begin anew",
        )?;
        if let Begun::Anew(why) = &begun {
            let file = file.display();
            tracing::warn!(%file, %why, "the checkpoint cannot be used; the whole ledger was read instead");
        }
        let seconds = began.elapsed().as_secs_f64();
        tracing::info!(records, seconds, "what is known of callers was read from the ledger");
        let own = own.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Self { live, fold, own })
    }

    /// The live numbers.
    pub(in crate::app) const fn live(&self) -> &Arc<Live> {
        &self.live
    }
}
