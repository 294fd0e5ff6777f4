//! What is known of callers between their requests: keys that were issued, failed credentials by address, requests by key.

mod desk;
mod rates;
mod throttle;

pub use desk::{KeyAdmin, KeyConflict, KeyDesk, KeyRefused, live};
pub use rates::{KeyRates, RateStanding};
pub use throttle::AuthThrottle;

#[cfg(test)]
mod tests;
