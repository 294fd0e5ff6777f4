//! What operators change by API, keys among it, and earlier snapshots that come back: planned by `admin`, recorded, kept and put in force here.
//! Drift baselines that they have forgotten are no part of a snapshot: `recalibrate.rs`.
//! Start reading at [`Administrator::apply`].

mod administrator;
mod enact;
mod keys;
mod recalibrate;
mod records;

pub use administrator::{Administrator, Applied};
pub use recalibrate::{DriftDesk, Recalibrated, Recalibration, RecalibrationRefused};

pub(in crate::gateway) use enact::Enacting;
pub(in crate::gateway) use keys::KeyChange;

#[cfg(test)]
mod tests;
