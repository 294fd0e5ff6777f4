//! What policies mean, and what nothing can make them mean.

mod deciding;
mod reading;
mod support;
