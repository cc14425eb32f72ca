//! Credentials from the environment, looked for anew after each failure.
//!
//! aws-config reads its files once: a profile that was not there at the start is never found, and from the second time
//! on the error does not even say which one it was. Whoever mends a file does not have to restart the service.

use aws_credential_types::provider::{
    self, ProvideCredentials, SharedCredentialsProvider, error::CredentialsError, future,
};
use aws_sdk_cloudfront::config::SharedHttpClient;
use tokio::sync::Mutex;

use super::{environment::load, settings::SdkSettings};

/// The SDK's own chain, built again once it gave nothing.
#[derive(Debug)]
pub(super) struct Renewed {
    http: SharedHttpClient,
    settings: SdkSettings,
    kept: Mutex<CachedCredentials>,
}

#[derive(Debug)]
struct CachedCredentials {
    chain: Option<SharedCredentialsProvider>,
    /// It gave credentials before.
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
                // What went well once may fail only for what the chain remembers.
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
