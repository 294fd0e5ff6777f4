//! How familiar a call is.

/// How many imagined sightings the estimate begins with, half of them of the same call.
const IMAGINED: f64 = 4.0;

/// N of the novelty gate for a call whose like (the same caller, capability and [shape](crate::risk::gates::ParameterShape) of parameters)
/// was seen `seen` times before: `(seen + 2) / (seen + 4)`.
///
/// Rises from 0.5, which is what the evaluation API takes where nothing is known, towards 1. It is the estimate known as "plus four": of a
/// call seen every time so far, how likely it is to be seen again, with two sightings for and two against imagined beforehand. With the
/// default constants the gate fails up to 8 sightings and opens at 9: the tenth call passes.
#[must_use]
pub const fn familiarity(seen: u64) -> f64 {
    // Beyond 2^53 the count is rounded, and the quotient is 1 anyway.
    let seen = seen as f64;
    (seen + IMAGINED / 2.0) / (seen + IMAGINED)
}
