//! What the environment and the profile say of AWS: as the AWS CLI reads them, where Unstale can follow.

use std::{env, path::PathBuf};

use aws_config::{
    BehaviorVersion, ConfigLoader, Region, SdkConfig, environment::EnvironmentVariableRegionProvider,
    meta::region::RegionProviderChain, profile::ProfileFileRegionProvider,
};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_cloudfront::config::SharedHttpClient;
use aws_smithy_http_client::tls::TrustStore;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_types::service_config::ServiceConfigKey;

use crate::http::{Proxies, ProxyError};

use super::{
    http_client::{self, BundleError},
    provider::Renewed,
};

/// CloudFront is a global service that is signed for this region where none is set.
pub const REGION: &str = "us-east-1";

/// Settings of the AWS CLI that are not followed: the variable, the profile's key, and why.
const IGNORED: [(&str, &str, &str); 7] = [
    ("AWS_MAX_ATTEMPTS", "max_attempts", RETRIES),
    ("AWS_RETRY_MODE", "retry_mode", RETRIES),
    ("AWS_DEFAULTS_MODE", "defaults_mode", "time-outs and retries are Unstale's own"),
    (
        "AWS_STS_REGIONAL_ENDPOINTS",
        "sts_regional_endpoints",
        "roles are always taken at the STS of the region that is set",
    ),
    ("AWS_METADATA_SERVICE_TIMEOUT", "metadata_service_timeout", METADATA),
    ("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "metadata_service_num_attempts", METADATA),
    (
        "AWS_SECURITY_TOKEN",
        "aws_security_token",
        "name the token AWS_SESSION_TOKEN, aws_session_token in a profile",
    ),
];

const RETRIES: &str = "it counts for fetching credentials only: CreateInvalidation is sent once, and the queue decides \
                       when anything is tried again";
const METADATA: &str = "the metadata service is asked with the SDK's own time-outs";

/// Why the environment cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum AwsEnvironmentError {
    #[error(transparent)]
    Proxy(#[from] ProxyError),
    #[error("{name} is {}: {error}", file.display())]
    Bundle {
        name: &'static str,
        file: PathBuf,
        #[source]
        error: BundleError,
    },
    #[error("the client for AWS: {0}")]
    Client(BoxError),
}

/// Region, credentials, endpoints and proxies, read once for all clients.
#[derive(Debug)]
pub struct AwsEnvironment(SdkConfig);

impl AwsEnvironment {
    /// Reads them. Nothing is called yet. What is not followed is said in the log.
    pub async fn read() -> Result<Self, AwsEnvironmentError> {
        let proxies = Proxies::from_environment()?;
        let settings = Box::pin(loader().no_credentials().http_client(http_client::direct()).load()).await;
        log_ignored(&settings);
        let trust = trust(&settings)?;
        let http = http_client::through(proxies, trust).map_err(AwsEnvironmentError::Client)?;
        let config = load(http.clone()).await;
        let credentials = SharedCredentialsProvider::new(Renewed::new(http, config.credentials_provider()));
        Ok(Self(config.into_builder().credentials_provider(credentials).build()))
    }

    pub(super) fn sdk(&self) -> &SdkConfig {
        &self.0
    }
}

/// The same as the SDK reads it: what it does not find once, it never finds.
pub(super) async fn load(http: SharedHttpClient) -> SdkConfig {
    // The credentials of roles and of SSO are fetched over HTTP too.
    Box::pin(loader().http_client(http).load()).await
}

fn loader() -> ConfigLoader {
    // Not the SDK's whole chain: outside EC2 it would wait for the metadata service at every start.
    let mut of_profile = ProfileFileRegionProvider::builder();
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12());
    if let Some(profile) = other_profile() {
        of_profile = of_profile.profile_name(&profile);
        loader = loader.profile_name(profile);
    }
    let region = RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new())
        .or_else(of_profile.build())
        .or_else(Region::new(REGION));
    loader.region(region)
}

/// The AWS CLI knows a second name for `AWS_PROFILE`, the SDK does not.
fn other_profile() -> Option<String> {
    let named = |name| env::var(name).ok().filter(|value| !value.is_empty());
    if named("AWS_PROFILE").is_some() { None } else { named("AWS_DEFAULT_PROFILE") }
}

/// A setting by its variable or its key in the profile.
fn setting(settings: &SdkConfig, variable: &str, key: &str) -> Option<String> {
    let key = ServiceConfigKey::builder().service_id("CloudFront").env(variable).profile(key).build().ok()?;
    settings.service_config()?.load_config(key).filter(|value| !value.is_empty())
}

fn log_ignored(settings: &SdkConfig) {
    for (variable, key, why) in IGNORED {
        let value = setting(settings, variable, key);
        // What is always done anyway is not ignored.
        if value.is_some_and(|value| value != "regional") {
            tracing::warn!(setting = variable, why, "a setting of the AWS CLI is not followed");
        }
    }
}

/// The certificates of `AWS_CA_BUNDLE`, of the profile's `ca_bundle` or of `REQUESTS_CA_BUNDLE`, in botocore's order;
/// this system's where none is named.
fn trust(settings: &SdkConfig) -> Result<TrustStore, AwsEnvironmentError> {
    let of_python = || env::var("REQUESTS_CA_BUNDLE").ok().filter(|value| !value.is_empty());
    let named =
        setting(settings, "AWS_CA_BUNDLE", "ca_bundle").map(|file| ("AWS_CA_BUNDLE (ca_bundle)", file));
    let named = named.or_else(|| of_python().map(|file| ("REQUESTS_CA_BUNDLE", file)));
    let Some((name, file)) = named else { return Ok(TrustStore::default()) };
    let trust = http_client::bundle(file.as_ref());
    let file = PathBuf::from(file);
    let trust = trust.map_err(|error| AwsEnvironmentError::Bundle { name, file: file.clone(), error })?;
    tracing::info!(file = %file.display(), "AWS is believed with the certificates of this file alone");
    Ok(trust)
}
