//! Who is held back, who never is, and keys that are issued whole or not at all.

mod desk;
mod limits;
