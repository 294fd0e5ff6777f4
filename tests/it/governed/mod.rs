//! A governed agent: capabilities, policies, grants and statuses made by API, proposals, and what all of them do to proxied
//! calls.

mod day;
mod rates;
mod threats;
mod world;
