//! Checks: what is seen of a URL at the edge, what it proves, and what to do about it.

pub mod body_hint;
pub mod cause;
pub mod configuration;
#[cfg(test)]
mod content;
pub mod evidence;
mod headers;
pub mod hex;
pub mod look;
pub mod sample;
pub mod settings;
mod stored_look;
pub mod verdict;
pub mod x_cache;

pub use body_hint::{BodyHint, body_hint};
pub use cause::CheckCause;
pub use configuration::{CustomErrorResponse, EdgeConfiguration, OriginKind};
pub use evidence::{Evidence, Expected};
pub use hex::{hex_of, sha256_of_hex};
pub use look::{Answer, BodyDigest, Look, LookFailure};
pub use sample::{SampleUrl, sample};
pub use settings::{CheckSettings, CheckSettingsError};
pub use verdict::{Freshness, Judgement, Verdict};
pub use x_cache::XCache;
