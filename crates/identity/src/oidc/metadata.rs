//! What a provider says of itself: read once an hour, and checked before it is used.

use std::time::Duration;

use jsonwebtoken::Algorithm;
use serde::Deserialize;
use tokio::sync::Mutex;

use unstale_domain::time::Timestamp;

use super::{
    super::{Http, IdentityError, is_safe_address, token},
    brief,
};

/// What the provider says of itself is read anew after so long.
const FRESH: Duration = Duration::from_hours(1);
/// After a failure the next try waits so long: strangers cannot make us knock without end.
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

/// How asking the provider went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProviderHealth {
    pub read_at: Option<Timestamp>,
    pub failed_at: Option<Timestamp>,
    /// Why it could not be read the last time; none where it could.
    pub error: Option<String>,
    /// How many of its keys are known.
    pub keys: usize,
}

/// The metadata of one provider.
#[derive(Debug, Default)]
pub struct CachedMetadata(Mutex<CacheEntry>);

impl CachedMetadata {
    /// The metadata, as fresh as it has to be.
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

    /// Reads it now, however fresh it is.
    pub async fn read_now(
        &self,
        http: &Http,
        issuer: &str,
        now: Timestamp,
    ) -> Result<Metadata, IdentityError> {
        self.0.lock().await.read(http, issuer, now).await
    }

    /// How it went, beside so many keys.
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
    /// The algorithms that the provider announces and that prove something.
    pub fn algorithms(&self) -> Vec<Algorithm> {
        let names = &self.id_token_signing_alg_values_supported;
        if names.is_empty() {
            return vec![Algorithm::RS256];
        }
        names.iter().filter_map(|name| token::algorithm(name)).collect()
    }

    /// RFC 9207: an answer says whose it is, so that one provider's cannot be passed off as another's.
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
