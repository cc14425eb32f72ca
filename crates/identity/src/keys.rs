//! A cache of the keys that an issuer publishes. They are read again when a token names an unknown key.

use std::time::Duration;

use jsonwebtoken::{
    DecodingKey,
    jwk::{AlgorithmParameters, Jwk, PublicKeyUse},
};
use serde_json::Value;
use tokio::sync::Mutex;

use unstale_domain::time::Timestamp;

use super::{Http, IdentityError, token::SignedToken};

/// The minimum time between two requests for unknown keys, so that tokens with invented key names cause few
/// requests.
const ASK_EVERY: Duration = Duration::from_mins(1);
/// How long keys are used before they are read again. A key that the issuer has withdrawn is removed then.
const FRESH: Duration = Duration::from_hours(1);
/// The maximum number of keys that are read.
const KEYS_MAX: usize = 50;

#[derive(Debug, Default)]
struct CachedKeys {
    keys: Vec<Jwk>,
    asked_at: Option<Timestamp>,
    read_at: Option<Timestamp>,
}

/// The keys at one address.
#[derive(Debug, Default)]
pub struct Keys(Mutex<CachedKeys>);

impl Keys {
    /// The keys that may have signed this token.
    pub async fn of(
        &self,
        http: &Http,
        address: &str,
        token: &SignedToken<'_>,
        now: Timestamp,
    ) -> Result<Vec<DecodingKey>, IdentityError> {
        let mut known = self.0.lock().await;
        let fresh = known.read_at.is_some_and(|at| now.is_soon_after(at, FRESH));
        let fitting = fitting(&known.keys, token);
        if fresh && !fitting.is_empty() {
            return Ok(fitting);
        }
        if known.asked_at.is_some_and(|at| now.is_soon_after(at, ASK_EVERY)) {
            return Ok(fitting);
        }
        known.asked_at = Some(now);
        match http.get_json(address, None).await {
            Ok(set) => {
                known.keys = read(&set);
                known.read_at = Some(now);
            }
            // While the issuer does not answer, the keys in the cache stay valid.
            Err(error) if known.keys.is_empty() => return Err(error),
            Err(error) => tracing::warn!(%error, "an issuer's keys could not be read anew"),
        }
        Ok(self::fitting(&known.keys, token))
    }

    /// Reads the keys now. Returns their number.
    pub async fn read_now(&self, http: &Http, address: &str, now: Timestamp) -> Result<usize, IdentityError> {
        let set = http.get_json(address, None).await?;
        let keys = read(&set);
        let count = keys.len();
        *self.0.lock().await = CachedKeys { keys, asked_at: Some(now), read_at: Some(now) };
        Ok(count)
    }

    /// The number of keys in the cache.
    pub async fn count(&self) -> usize {
        self.0.lock().await.keys.len()
    }
}

/// The keys of a set that can be parsed. Keys of unknown types are left out.
fn read(set: &Value) -> Vec<Jwk> {
    let list = set.get("keys").and_then(Value::as_array);
    let keys = list.into_iter().flatten().take(KEYS_MAX);
    keys.filter_map(|key| serde_json::from_value(key.clone()).ok()).collect()
}

/// The public signature keys whose type fits the token's algorithm, and whose ID is the token's if the token names
/// one.
fn fitting(keys: &[Jwk], token: &SignedToken<'_>) -> Vec<DecodingKey> {
    let named = token.header("kid");
    keys.iter()
        .filter(|key| !matches!(key.algorithm, AlgorithmParameters::OctetKey(_)))
        .filter(|key| !matches!(key.common.public_key_use, Some(PublicKeyUse::Encryption)))
        .filter(|key| named.is_none_or(|named| key.common.key_id.as_deref() == Some(named)))
        .filter(|key| {
            let said = key.common.key_algorithm.as_ref().map(ToString::to_string);
            said.is_none_or(|said| super::token::algorithm(&said) == Some(token.algorithm()))
        })
        .filter_map(|key| DecodingKey::from_jwk(key).ok())
        .collect()
}
