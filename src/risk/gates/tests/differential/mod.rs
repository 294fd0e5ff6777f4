//! The gates beside a second implementation of their rules, over drawn requests.

mod agree;
mod oracle;
pub(super) mod requests;
