//! What live traffic adds: the novelty score of a call from how often its like was seen. How drift is followed, says
//! [`Window`](crate::risk::gates::Window).

mod familiarity;
mod shape;

pub use familiarity::familiarity;
pub use shape::ParameterShape;
