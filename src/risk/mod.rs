//! L1: how dangerous is a call? [`RiskInput`] in, [`RiskScore`](crate::model::decision::RiskScore) and [`Band`] out.
//!
//! And [`gates`]: is a proposed change, put into numbers, one to go on with?
//!
//! May import `model` only. The score is made of integers throughout: a decision made again from its record gives the same one on every
//! machine. Start reading at [`RiskModel::score`].

pub mod gates;
mod input;
mod model;

pub use input::{Band, RiskInput};
pub use model::{Bands, Baselines, Multipliers, RiskModel, Trust, Weights};

#[cfg(test)]
mod tests;
