//! From start to end: snapshots that replace each other, load, crashes, and stopping.

mod crash;
mod load;
mod reload;
mod reload_openapi;
mod reload_refused;
mod shutdown;
mod swaps;
