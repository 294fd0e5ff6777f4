//! What operators change by API, keys among it, and earlier snapshots that come back: planned by `admin`, recorded, kept and put in force here.
//! Start reading at [`Administrator::apply`].

mod administrator;
mod enact;
mod keys;
mod records;

pub use administrator::{Administrator, Applied};
pub(in crate::gateway) use enact::Enacting;
pub(in crate::gateway) use keys::KeyChange;

#[cfg(test)]
mod tests;
