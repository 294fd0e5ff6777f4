//! What is known of callers, over a restart: made again from the ledger at a start, and written down while a gateway runs. Start
//! reading at [`Rebuilt::make`].

mod made;
mod sessions;
mod thread;

pub(super) use made::Rebuilt;
pub(super) use sessions::sessions;
pub(super) use thread::Rebuilding;
