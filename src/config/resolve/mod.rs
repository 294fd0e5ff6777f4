//! What the resolvers share: the place they stand at, addresses, certificates, roles and groups, templates. Imports `model` only.
//!
//! Start reading at [`Spot`].

mod address;
mod pem;
mod role;
mod spot;
mod template;

pub(super) use address::{Authority, base_url, host_name, host_value, listen_address};
pub(super) use pem::{KeyPair, certificates, key_pair};
pub(super) use role::{group_names, role_names};
pub(super) use spot::{Context, Spot};
pub(super) use template::{resource_variables, variables_of_resource};
