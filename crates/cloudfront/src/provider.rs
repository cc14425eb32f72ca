//! Credentials from the environment. After each failure they are searched again.
//!
//! aws-config reads its files once. It never finds a profile that was missing at the start, and from the second
//! time on its error does not name the profile. With a new search, nobody has to restart the service after a file
//! was corrected.

use aws_credential_types::provider::{
    self, ProvideCredentials, SharedCredentialsProvider, error::CredentialsError, future,
};
use aws_sdk_cloudfront::config::SharedHttpClient;
use tokio::sync::Mutex;

use super::{environment::load, settings::SdkSettings};

/// The SDK's own chain. It is built again after it has failed.
#[derive(Debug)]
pub(super) struct Renewed {
    http: SharedHttpClient,
    settings: SdkSettings,
    kept: Mutex<CachedCredentials>,
}

#[derive(Debug)]
struct CachedCredentials {
    chain: Option<SharedCredentialsProvider>,
    /// Whether the last call returned credentials.
    gave: bool,
}

impl Renewed {
    pub(super) fn new(
        http: SharedHttpClient,
        settings: SdkSettings,
        chain: Option<SharedCredentialsProvider>,
    ) -> Self {
        Self { http, settings, kept: Mutex::new(CachedCredentials { chain, gave: false }) }
    }

    async fn credentials(&self) -> provider::Result {
        let mut kept = self.kept.lock().await;
        if let Some(chain) = kept.chain.take() {
            match chain.provide_credentials().await {
                Ok(credentials) => {
                    *kept = CachedCredentials { chain: Some(chain), gave: true };
                    return Ok(credentials);
                }
                Err(error) if !kept.gave => return Err(error),
                // The failure may come from state that the chain has cached, so the chain is built again.
                Err(_) => kept.gave = false,
            }
        }
        let chain = load(self.http.clone(), &self.settings).await.credentials_provider();
        let chain =
            chain.ok_or_else(|| CredentialsError::not_loaded("the environment names no credentials"))?;
        let credentials = chain.provide_credentials().await?;
        *kept = CachedCredentials { chain: Some(chain), gave: true };
        Ok(credentials)
    }
}

impl ProvideCredentials for Renewed {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.credentials())
    }
}
