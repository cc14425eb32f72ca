//! Identifies people with an OpenID Connect provider or with the proxy in front of Unstale.
//!
//! An identity is accepted only with a signature that was checked here, or with a secret that only the proxy knows.
//! [`token`] checks every signature, and [`unstale_domain::sign_in::claims`] every claim.

pub mod access;
pub mod alb;
pub mod headers;
mod http;
mod keys;
pub mod oidc;
pub mod proxy;
mod token;
pub mod user_header;

pub use http::{Http, is_safe_address};

use unstale_domain::sign_in::claims::ClaimError;

/// Why a person could not be identified.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The provider cannot be reached, or its answer cannot be read. A retry may succeed.
    #[error("{0}")]
    Unreachable(String),
    /// The provider refused.
    #[error("the provider refused: {0}")]
    Refused(String),
    #[error("the token cannot be read: {0}")]
    Unreadable(&'static str),
    #[error("the token is not signed as it must be: {0}")]
    Signature(&'static str),
    #[error(transparent)]
    Claims(#[from] ClaimError),
    /// The answer does not belong to a request of this browser.
    #[error("{0}")]
    Answer(&'static str),
}
