//! API tokens, and those of probes.

pub(crate) mod authenticate_probe;
pub(crate) mod authenticate_token;
pub(crate) mod make_probe;
pub(crate) mod make_token;
pub(crate) mod refuse_probe;
pub(crate) mod refuse_token;
pub(crate) mod revoke_probe;
pub(crate) mod revoke_token;

pub use authenticate_probe::authenticate_probe;
pub use authenticate_token::authenticate_token;
pub use make_probe::make_probe;
pub use make_token::{NewToken, make_token};
pub use refuse_probe::refuse_probe;
pub use refuse_token::refuse_token;
pub use revoke_probe::revoke_probe;
pub use revoke_token::revoke_token;

use crate::domain::tokens::secret::{BearerSecret, SecretKind};

use super::CommandError;

fn new_bearer_secret<K: SecretKind>() -> Result<BearerSecret<K>, CommandError> {
    loop {
        let mut bytes = [0; 64];
        getrandom::fill(&mut bytes)?;
        if let Some(secret) = BearerSecret::from_random(&bytes) {
            return Ok(secret);
        }
    }
}
