//! What the resolvers share: the place they stand at, addresses, templates. Imports `model` only.
//!
//! Start reading at [`Spot`].

mod address;
mod spot;
mod template;

pub(super) use address::{Authority, host_name, listen_address};
pub(super) use spot::{Context, Spot};
pub(super) use template::{resource_variables, variables_of_resource};
