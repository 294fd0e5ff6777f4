//! What operators change by API, and earlier snapshots that come back: planned by `admin`, recorded, kept and put in force here.
//! Start reading at [`Administrator::apply`].

mod administrator;
mod enact;
mod records;

pub use administrator::{Administrator, Applied};
pub(in crate::gateway) use enact::Enacting;

#[cfg(test)]
mod tests;
