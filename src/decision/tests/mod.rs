//! What is decided: by rules, sessions and the default, and by the governance engines.

mod answers;
mod gates;
mod governing;
mod shared;
