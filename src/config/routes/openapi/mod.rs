//! OpenAPI documents (3.0 and 3.1) as operations of an http route. Imports `model` only.
//!
//! Of a document only what names operations is read (`outline`): the paths and their methods, `operationId`, the base path
//! in `servers`. The rest may hold what it likes. Start reading at [`load`].

mod items;
mod load;
mod naming;
mod outline;
mod reference;
mod servers;

pub(super) use load::{Wanted, load};
pub(super) use naming::NAME_IT;
