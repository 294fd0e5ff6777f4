//! What a run is asked to do: the `config` of a request, read. Start at [`GenerationConfig`]; as it is written, it is in [`raw`].
//!
//! Imports `model` and entities.

mod limits;
pub mod raw;
mod settings;
mod window;

pub use settings::{
    ArgumentMode, ConfigError, GenerationConfig, Granularity, ObserveMode, ObservedConfig, ResourceMode,
    SentencesConfig,
};
pub use window::Window;
