//! The connections to upstreams: how a peer is made of a route, and where idle connections wait.
//!
//! Pingora keeps idle connections itself, at the price of a task, a timer and two wake-ups for every request, and it sends a
//! request's head and body apart. Both cost more than judging the call. So it is handed sockets of our own ([`socket`]),
//! which send a head and a short body in one segment and, when it is done with them, go back to a pool of our own ([`pool`]).
//! Imports `decision` for the route's upstream and `gateway` for the mark that something was sent. Start reading at [`peer::Peers`].

mod peer;
mod pool;
mod socket;
mod wire;

pub(super) use peer::Peers;
