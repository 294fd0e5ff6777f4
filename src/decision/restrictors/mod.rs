//! Restrictors: each may deny a call and none can allow one. May import what `decision` may. Start reading at `naming`.

pub(super) mod naming;
pub(super) mod plan;
pub(super) mod tunnel;
