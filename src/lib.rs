//! stub
pub mod model;
pub mod telemetry;
pub mod policy;
pub mod extract;
pub mod identity;
pub mod decision;
pub mod audit;
pub mod gateway;
