//! Checks: what is seen of a URL at the edge.

pub mod body_hint;
pub mod configuration;
#[cfg(test)]
mod content;
mod headers;
pub mod look;
pub mod x_cache;

pub use body_hint::{BodyHint, body_hint};
pub use configuration::{CustomErrorResponse, EdgeConfiguration, OriginKind};
pub use look::{Answer, BodyDigest, Look, LookFailure};
pub use x_cache::XCache;
