//! Cedar: the policy API of document 004, and engines that decide calls.

mod api;
mod enforcing;
mod files;
mod generating;
mod golden;
mod hostile;
mod replaying;
mod verbs;
mod world;
