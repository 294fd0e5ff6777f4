//! The JSON Schema of a capability's parameters.

/// A compiled schema.
#[derive(Clone, Debug)]
pub struct ParameterSchema {}
