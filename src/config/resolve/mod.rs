//! What the resolvers share: the place they stand at, addresses, certificates, templates. Imports `model` only.
//!
//! Start reading at [`Spot`].

mod address;
mod pem;
mod spot;
mod template;

pub(super) use address::{Authority, host_name, listen_address};
pub(super) use pem::{KeyPair, certificates, key_pair};
pub(super) use spot::{Context, Spot};
pub(super) use template::{resource_variables, variables_of_resource};
