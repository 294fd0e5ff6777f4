//! Tests of loading a configuration: what is accepted and becomes what, what is refused and how it is told.

mod accepted;
mod deciding;
mod holds;
mod openapi;
mod overrides;
mod refused;
mod routes;
mod support;
mod upstreams;

use support::{Memory, certificate, load_beside, load_from, load_with, problems_of};
