//! L6: the composition root. Configuration -> ledger -> snapshot -> servers -> stop.
//!
//! May import everything below; the only module that imports `net` and `store`. Nothing here prints: `cli` does, from the
//! values returned. Start reading at [`App::start`].

mod admin_key;
mod check;
mod counting;
mod governed;
mod indexing;
mod inquiry;
mod load;
mod policy_file;
mod policy_server;
mod rebuilding;
mod reload;
mod remote;
mod sources;
mod start;
mod stop;
mod watch;

pub use admin_key::new_key;
pub use check::{Checked, CheckedKind, check_file};
pub use inquiry::{Inquiry, InquiryRoute, inquire};
pub use load::{ConfigSource, Loaded, load, load_to_start};
pub use policy_file::{Case, Cases, Change, Expected, Loading, PolicyFile, Question, compare};
pub use policy_server::{PolicyServerOptions, policy_server};
pub use remote::{Remote, RemoteError};
pub use sources::SystemSources;
pub use start::{App, Options, Planes};
pub use stop::{StopHandle, Stopped};

#[cfg(test)]
mod tests;
