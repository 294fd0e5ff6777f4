//! The words of an evaluation: for people, in English, and free to change. Programs read the verdicts.

mod explanation;
mod messages;
mod steps;

pub use explanation::Explanation;
