//! The connections to upstreams: which address takes a call, how it is reached, and where idle connections wait.
//!
//! There are two ways. HTTP/1.1 without TLS goes over sockets of our own ([`own`]), which send a head and a short body in
//! one segment and, when Pingora is done with them, go back to a pool of our own: Pingora keeps idle connections at
//! the price of a task, a timer and two wake-ups for every request, and sends head and body apart, which costs more than
//! judging the call. TLS and HTTP/2 go through Pingora's connectors and its pool: a handshake or a shared connection is
//! theirs to manage, and what they cost beside it is small.
//!
//! Imports `decision` for the route's upstream and `gateway` for the routes in force. Start reading at [`peer::Peers`].

mod connect;
mod dial;
mod health;
mod names;
mod own;
mod peer;
mod tend;
mod tls;

pub(super) use peer::{Chosen, Peers};
