//! The gates against the vectors of their specification, and for what must hold of any input.

mod constants;
mod properties;
mod reading;
mod rounding;
mod vectors;
