//! Asks others who somebody is: an OpenID Connect provider, or the proxy in front of Unstale.
//!
//! What they say is believed only with a signature that was checked here, or a secret that only the proxy knows. Every
//! signature is checked in [`token`], every claim in [`unstale_domain::sign_in::claims`].

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

/// Why somebody could not be recognised.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The other side cannot be reached, or what it says cannot be read: worth trying again.
    #[error("{0}")]
    Unreachable(String),
    /// The other side said no.
    #[error("the provider refused: {0}")]
    Refused(String),
    #[error("the token cannot be read: {0}")]
    Unreadable(&'static str),
    #[error("the token is not signed as it must be: {0}")]
    Signature(&'static str),
    #[error(transparent)]
    Claims(#[from] ClaimError),
    /// The answer is not to a question of this browser.
    #[error("{0}")]
    Answer(&'static str),
}
