//! What policies mean, and what nothing can make them mean.

mod agreeing;
mod cases;
mod deciding;
mod mapping;
mod reading;
mod support;
mod world;
