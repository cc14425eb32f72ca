//! The metadata of an OpenID Connect provider. It is read once an hour and checked before use.

use std::time::Duration;

use jsonwebtoken::Algorithm;
use serde::Deserialize;
use tokio::sync::Mutex;

use unstale_domain::time::Timestamp;

use super::{
    super::{Http, IdentityError, is_safe_address, token},
    brief,
};

/// How long metadata is used before it is read again.
const FRESH: Duration = Duration::from_hours(1);
/// The minimum time between a failure and the next attempt, so that strangers cannot cause many requests to the
/// provider.
const PAUSE: Duration = Duration::from_secs(5);

/// What the provider says of itself.
#[derive(Debug, Clone, Deserialize)]
pub struct Metadata {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub jwks_uri: String,
    pub userinfo_endpoint: Option<String>,
    #[serde(default)]
    id_token_signing_alg_values_supported: Vec<String>,
    #[serde(default)]
    pub token_endpoint_auth_methods_supported: Vec<String>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

#[derive(Debug, Default)]
struct CacheEntry {
    metadata: Option<Metadata>,
    read_at: Option<Timestamp>,
    failed_at: Option<Timestamp>,
    /// Why it could not be read the last time.
    error: Option<String>,
}

/// Whether the requests to the provider succeeded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProviderHealth {
    pub read_at: Option<Timestamp>,
    pub failed_at: Option<Timestamp>,
    /// Why it could not be read the last time; none where it could.
    pub error: Option<String>,
    /// The number of its keys in the cache.
    pub keys: usize,
}

/// The metadata of one provider.
#[derive(Debug, Default)]
pub struct CachedMetadata(Mutex<CacheEntry>);

impl CachedMetadata {
    /// The metadata from the cache. Reads it again if it is too old.
    pub async fn get(&self, http: &Http, issuer: &str, now: Timestamp) -> Result<Metadata, IdentityError> {
        let mut known = self.0.lock().await;
        let fresh = known.read_at.is_some_and(|at| now.is_soon_after(at, FRESH));
        let resting = known.failed_at.is_some_and(|at| now.is_soon_after(at, PAUSE));
        if let Some(metadata) = known.metadata.as_ref().filter(|_| fresh || resting) {
            return Ok(metadata.clone());
        }
        if resting {
            return Err(IdentityError::Unreachable("the provider did not answer a moment ago".to_owned()));
        }
        match known.read(http, issuer, now).await {
            Ok(metadata) => Ok(metadata),
            Err(error) => known.metadata.clone().ok_or(error),
        }
    }

    /// Reads the metadata now, whatever its age.
    pub async fn read_now(
        &self,
        http: &Http,
        issuer: &str,
        now: Timestamp,
    ) -> Result<Metadata, IdentityError> {
        self.0.lock().await.read(http, issuer, now).await
    }

    /// The result of the last request, together with this number of keys.
    pub async fn seen(&self, keys: usize) -> ProviderHealth {
        let known = self.0.lock().await;
        ProviderHealth {
            read_at: known.read_at,
            failed_at: known.failed_at,
            error: known.error.clone(),
            keys,
        }
    }
}

impl CacheEntry {
    async fn read(&mut self, http: &Http, issuer: &str, now: Timestamp) -> Result<Metadata, IdentityError> {
        match read(http, issuer).await {
            Ok(metadata) => {
                *self = Self { metadata: Some(metadata.clone()), read_at: Some(now), ..Self::default() };
                Ok(metadata)
            }
            Err(error) => {
                self.failed_at = Some(now);
                self.error = Some(error.to_string());
                Err(error)
            }
        }
    }
}

async fn read(http: &Http, issuer: &str) -> Result<Metadata, IdentityError> {
    let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let value = http.get_json(&address, None).await?;
    let metadata: Metadata = serde_json::from_value(value).map_err(|error| {
        IdentityError::Unreachable(format!("{address} does not describe a provider: {error}"))
    })?;
    if metadata.issuer != issuer {
        return Err(IdentityError::Unreachable(format!(
            "the provider calls itself {:?}; set UNSTALE_OIDC_ISSUER to exactly that if it is the right one",
            brief(&metadata.issuer)
        )));
    }
    let addresses = [&metadata.authorization_endpoint, &metadata.token_endpoint, &metadata.jwks_uri];
    let addresses = addresses.into_iter().chain(&metadata.userinfo_endpoint);
    for one in addresses {
        if !is_safe_address(one) {
            return Err(IdentityError::Unreachable(format!("the provider's address {one} is not https")));
        }
    }
    Ok(metadata)
}

impl Metadata {
    /// The algorithms that the provider announces and that use a public key.
    pub fn algorithms(&self) -> Vec<Algorithm> {
        let names = &self.id_token_signing_alg_values_supported;
        if names.is_empty() {
            return vec![Algorithm::RS256];
        }
        names.iter().filter_map(|name| token::algorithm(name)).collect()
    }

    /// Checks the issuer in an answer (RFC 9207), so that the answer of one provider cannot be used as the answer
    /// of another.
    pub fn check_answer(&self, iss: Option<&str>) -> Result<(), IdentityError> {
        match iss {
            Some(iss) if iss != self.issuer => {
                Err(IdentityError::Answer("the answer is of another provider"))
            }
            None if self.authorization_response_iss_parameter_supported => {
                Err(IdentityError::Answer("the answer does not say whose it is"))
            }
            _ => Ok(()),
        }
    }
}
