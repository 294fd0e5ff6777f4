//! From the text of a condition to its tree. Imports `model` and the files beside it. Start at [`read`].

mod compile;
mod parsed;
mod pattern;
mod question;
mod syntax;
mod words;

pub(super) use syntax::read;
