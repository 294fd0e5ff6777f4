//! stub
pub mod model;
pub mod config;
pub mod telemetry;
pub mod policy;
pub mod extract;
pub mod identity;
pub mod decision;
pub mod audit;
pub mod gateway;
pub mod proxy;
pub mod demo;
pub mod control;
pub mod app;
pub mod cli;
