//! The six gates of a proposal: risk, profit, novelty, complexity, quality, utility; and drift, which can halt it.
//!
//! May import `model` only. [`Proposal`] and [`Constants`] in, [`Evaluation`] out; [`Answer`] adds the words and the JSON of the
//! evaluation API. Doubles throughout (IEEE 754 binary64), and what is not basic arithmetic comes from one library in plain Rust, so
//! that every machine decides alike. Start reading at [`evaluate`], then `gate/` for what each gate asks, `drift/` for the
//! comparison with a baseline, `request/` for reading JSON, and `live/` for what live traffic adds.

mod answer;
mod constants;
mod drift;
mod evaluate;
mod evaluation;
mod gate;
mod live;
mod proposal;
mod request;
mod round;
mod texts;

pub use answer::Answer;
pub use constants::{COMPLEXITY_FLOOR, Constants, ConstantsError, ImpactFactors, NoveltyDirection};
pub use drift::{Baseline, BaselineHash, Drift, DriftCheck, Window};
pub use evaluate::{evaluate, evaluate_with, works};
pub use evaluation::{Evaluation, Gate, GateName, Gates, OVERRIDE_ROLES, Status};
pub use gate::{
    Posterior, complexity_gate, novelty_gate, quality_gate, relative_change, trigger_gate, utility_gate,
};
pub use live::{ParameterShape, familiarity};
pub use proposal::{DEFAULT_SUBSCORES, Impact, Phase, Proposal};
pub use request::{EvaluateRequest, RequestError, RequestProblem, RiskCheckRequest};
pub use round::six_decimals;
pub use texts::Explanation;

#[cfg(test)]
mod tests;
