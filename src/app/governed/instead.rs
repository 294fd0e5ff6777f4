//! What stands in the place of files: rules that came by API, and what a rollback brought back.

use std::sync::Arc;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::admin::{Pin, Pins, Role, SnapshotContent, Text};

/// What to load in the place of files.
#[derive(Clone, Copy, Debug)]
pub(in crate::app) enum Instead<'a> {
    /// What was pinned, where the files are still those it was pinned over.
    Pinned(&'a Pins),
    /// These rules; for the rest as [`Self::Pinned`].
    Rules(&'a str, &'a Pins),
    /// The rules and governance objects of an earlier snapshot, whatever the files are.
    Back(&'a SnapshotContent),
}

impl<'a> Instead<'a> {
    /// What stands in the place of a rules file with this text; of none where it is empty.
    pub(in crate::app) fn rules(self, file: &str) -> Option<Pin> {
        match self {
            Self::Rules(..) => None,
            Self::Pinned(pins) => pins.rules.clone().filter(|pin| *pin.base == *file_digest(file)),
            Self::Back(content) => Some(pin(content, Role::Rules, file_digest(file))),
        }
    }

    /// The texts of governance objects that count over files with these, and what stands in their place, if something does.
    pub(in crate::app) fn governance(self, files: Vec<Text>) -> (Vec<Text>, Option<Pin>) {
        let base = files_digest(&files);
        let pin = match self {
            Self::Pinned(pins) | Self::Rules(_, pins) => {
                pins.governance.clone().filter(|pin| *pin.base == *base)
            }
            Self::Back(content) => Some(pin(content, Role::Governance, base)),
        };
        match pin {
            Some(pin) => (pin.texts.clone(), Some(pin)),
            None => (files, None),
        }
    }

    /// The rules that came by API just now.
    pub(in crate::app) const fn put(self) -> Option<&'a str> {
        match self {
            Self::Rules(rules, _) => Some(rules),
            Self::Pinned(_) | Self::Back(_) => None,
        }
    }
}

fn pin(content: &SnapshotContent, role: Role, base: Arc<str>) -> Pin {
    let texts = content.texts.iter().filter(|text| text.role == role).cloned().collect();
    Pin { version: content.row.version, base, texts }
}

/// What a rules file with this text is known by.
fn file_digest(text: &str) -> Arc<str> {
    HEXLOWER.encode(&Sha256::digest(text)).into()
}

/// What files with these names and texts are known by.
fn files_digest(files: &[Text]) -> Arc<str> {
    let mut digest = Sha256::new();
    for part in files.iter().flat_map(|text| [&text.name, &text.text]) {
        digest.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        digest.update(part.as_bytes());
    }
    HEXLOWER.encode(&digest.finalize()).into()
}
