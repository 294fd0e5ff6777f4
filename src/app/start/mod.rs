//! Starting a gateway. Start reading at [`App::start`].

mod app;
mod options;
mod parts;
mod publishing;

pub use app::App;
pub use options::{Options, Planes};
