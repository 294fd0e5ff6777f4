//! A request written down, decided by a configuration without a gateway running.
//!
//! Start reading at [`inquire`].

mod ask;
mod request;

pub use ask::{Inquiry, InquiryRoute, inquire};
