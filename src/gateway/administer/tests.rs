//! Changes by API, from the request for one to the snapshot in force.
