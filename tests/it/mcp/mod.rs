//! MCP in both eras: what is decided, what passes, what is refused and how, and whose a session is.

mod calls;
mod lists;
mod refusals;
mod sessions;
mod stateless;
