//! Checks: what is seen of a URL at the edge, what it proves, and what to do about it.

pub mod body_hint;
pub mod cause;
pub mod configuration;
#[cfg(test)]
mod content;
pub mod evidence;
mod headers;
pub mod look;
pub mod x_cache;

pub use body_hint::{BodyHint, body_hint};
pub use cause::CheckCause;
pub use configuration::{CustomErrorResponse, EdgeConfiguration, OriginKind};
pub use evidence::{Evidence, Expected};
pub use look::{Answer, BodyDigest, Look, LookFailure};
pub use x_cache::XCache;
