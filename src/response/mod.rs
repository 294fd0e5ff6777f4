//! L1: what may come back? The answer of a tool, held to its size, with fields hidden and tools left out of lists.
//!
//! May import `model` only. The way of an answer: a [`ResponsePlan`] made before the call -> [`ResponseFilter::begin`] with the
//! answer's head says what is to be done -> [`ResponseFilter::push`] with every chunk of its body. JSON is gathered and edited
//! whole, SSE event by event as it streams. What the plan asks for and the answer's form does not let be done is a
//! [`ResponseError`]: nothing passes that was to be looked at and could not be. Start reading at [`ResponsePlan`].

mod edit;
mod error;
mod filter;
mod head;
mod list;
mod plan;
mod redact;
mod sse;

pub use error::ResponseError;
pub use filter::{Mode, ResponseFilter};
pub use head::ResponseHead;
pub use plan::{ListFilter, ListKind, ReadLimits, ResponsePlan, ToolListing};

#[cfg(test)]
mod tests;
