//! The cases that Cedar's own crates are tested with, asked of ours. The files, and where they are from: `tests/golden/cedar/README.md`.

mod asking;
mod authorizing;
mod drawn;
mod examples;
mod files;
mod laid_out;
mod reading;
mod running;
