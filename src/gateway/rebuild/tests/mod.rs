//! What records say, and what becomes of the numbers over stops, crashes and damage.

mod events;
mod files;
mod folds;
mod sessions;
mod support;
