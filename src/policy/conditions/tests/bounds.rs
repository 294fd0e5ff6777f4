//! Work is bounded: hostile calls and conditions come to an answer, and never to a wrong one.

use crate::policy::conditions::tests::support::World;
