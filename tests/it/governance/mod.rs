//! Governance by API: capabilities, policies, grants and statuses, proposals, and what all of them do to proxied calls.

mod day;
mod rates;
mod world;
