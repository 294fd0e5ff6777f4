//! Sessions: what counts, for whom, and for how long.
