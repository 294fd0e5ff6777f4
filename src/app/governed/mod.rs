//! Files of governance objects and Cedar policies, and earlier texts that stand in the place of files. Start reading at [`governed`].

mod cedar;
mod files;
mod instead;
mod rollback;
mod shown;

pub(super) use files::{Governed, Places, governed, is_ours};
pub(super) use instead::Instead;
pub(super) use shown::shown_config;
