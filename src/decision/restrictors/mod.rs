//! Restrictors: each may deny a call or want people to agree, and none can allow one. May import what `decision` may. Start
//! reading at `said`, then `naming`.

pub(super) mod capabilities;
pub(super) mod gates;
pub(super) mod grants;
pub(super) mod naming;
pub(super) mod plan;
pub(super) mod risk;
mod said;
pub(super) mod shared_limit;
pub(super) mod status;
pub(super) mod tunnel;

pub(super) use said::Said;
