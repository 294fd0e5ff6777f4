//! `routes[]`: which requests go to which tool, how they are read, and where they are sent. Imports nothing of ours. Start
//! reading at [`RawRoute`].

mod route;
mod upstream;

pub(in crate::config) use route::{
    RawAllowPath, RawCall, RawHold, RawMatch, RawMcpDenial, RawMode, RawOperation, RawProtocol, RawResponse,
    RawRoute,
};
pub(in crate::config) use upstream::{
    RawBalance, RawHealth, RawUpstream, RawUpstreamTls, RawUpstreamTlsSettings,
};
