//! From calls to what policies shall say. Start at [`Lesson`] (the calls, sorted into cells), then [`Lesson::plans`].
//!
//! Imports `model`, observations and drafts. Nothing here asks an engine: whether a plan is true is found out in `check`.

mod arguments;
mod cell;
mod merge;
mod plan;
mod spelled;
mod subjects;
mod targets;

pub(super) use arguments::Secrets;
pub(super) use cell::{Cell, Lesson, Rung, Sample};
pub(super) use plan::Plan;
