//! The gates against the vectors of their specification, against a second implementation, and for what must hold of any input.

mod constants;
mod differential;
mod drift;
mod live;
mod properties;
mod reading;
mod rounding;
mod vectors;
