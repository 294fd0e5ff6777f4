//! L1: how dangerous is a call? [`RiskInput`] in, [`RiskScore`](crate::model::decision::RiskScore) and [`Band`] out.
//!
//! May import `model` only. Integers throughout: a decision made again from its record gives the same score on every machine.
//! Start reading at [`RiskModel::score`].

mod input;
mod model;

pub use input::{Band, RiskInput};
pub use model::{Bands, Baselines, Multipliers, RiskModel, Trust, Weights};

#[cfg(test)]
mod tests;
