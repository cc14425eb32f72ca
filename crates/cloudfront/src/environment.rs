//! Reads the AWS settings of the environment and the profile, as the AWS CLI does where Unstale supports it.

use std::{env, path::PathBuf};

use aws_config::{
    BehaviorVersion, ConfigLoader, Region, SdkConfig, meta::region::RegionProviderChain,
    profile::ProfileFileRegionProvider,
};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_cloudfront::config::SharedHttpClient;
use aws_smithy_http_client::tls::TrustStore;
use aws_smithy_runtime_api::box_error::BoxError;

use unstale_outgoing::{OutgoingProxies, OutgoingProxyError};

use super::{
    http_client::{self, BundleError},
    provider::Renewed,
    settings::{Name, SdkSettings, SettingError, setting},
};

/// The default region. CloudFront is a global service, and its requests are signed for this region.
pub const REGION: &str = "us-east-1";

/// Settings of the AWS CLI that Unstale ignores: the variable, the key in the profile, and the reason.
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
/// The reason that the log gives for the retry mode `legacy` of the AWS CLI.
const LEGACY: &str = "legacy is followed as standard, and for fetching credentials only: CreateInvalidation is sent once, and \
                      the queue decides when anything is tried again";
const METADATA: &str = "the metadata service is asked with the SDK's own time-outs";

/// Why the settings of the environment cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AwsEnvironmentError {
    #[error(transparent)]
    Proxy(#[from] OutgoingProxyError),
    #[error(transparent)]
    Setting(#[from] SettingError),
    #[error("{name} is {}", file.display())]
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
#[derive(Debug, Clone)]
pub struct AwsEnvironment(SdkConfig);

impl AwsEnvironment {
    /// Reads the settings. Makes no call to CloudFront. Logs the settings that are ignored.
    pub async fn read() -> Result<Self, AwsEnvironmentError> {
        let proxies = OutgoingProxies::from_environment()?;
        let named = loader(&SdkSettings::default()).no_credentials().http_client(http_client::direct());
        let named = Box::pin(named.load()).await;
        let settings = SdkSettings::read(&named)?;
        log_ignored(&named);
        let trust = trust(&named)?;
        let http = http_client::through(proxies, trust).map_err(AwsEnvironmentError::Client)?;
        let config = load(http.clone(), &settings).await;
        let chain = config.credentials_provider();
        let credentials = SharedCredentialsProvider::new(Renewed::new(http, settings, chain));
        Ok(Self(config.into_builder().credentials_provider(credentials).build()))
    }

    pub(super) fn sdk(&self) -> &SdkConfig {
        &self.0
    }
}

/// Loads the SDK's configuration. The SDK reads the files only once, so a profile that is missing now stays missing
/// in it.
pub(super) async fn load(http: SharedHttpClient, settings: &SdkSettings) -> SdkConfig {
    // The SDK fetches the credentials of roles and of SSO over HTTP too, so it gets the same client.
    Box::pin(loader(settings).http_client(http).load()).await
}

fn loader(settings: &SdkSettings) -> ConfigLoader {
    // The region does not come from the SDK's whole chain: outside EC2, it would wait for the metadata service at
    // every start.
    let mut of_profile = ProfileFileRegionProvider::builder();
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .retry_config(settings.retry.clone())
        .use_fips(settings.fips)
        .use_dual_stack(settings.dual_stack);
    if let Some(profile) = other_profile() {
        of_profile = of_profile.profile_name(&profile);
        loader = loader.profile_name(profile);
    }
    let of_environment = variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION")).map(Region::new);
    let region = RegionProviderChain::first_try(of_environment).or_else(of_profile.build());
    loader.region(region.or_else(Region::new(REGION)))
}

/// The value of `AWS_DEFAULT_PROFILE` if `AWS_PROFILE` is not set. The AWS CLI reads both variables, the SDK only
/// `AWS_PROFILE`.
fn other_profile() -> Option<String> {
    if variable("AWS_PROFILE").is_some() { None } else { variable("AWS_DEFAULT_PROFILE") }
}

/// The value of a variable. `None` if it is not set or empty.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn log_ignored(settings: &SdkConfig) {
    for (variable, key, why) in IGNORED {
        let value = setting(settings, Name(variable, key));
        let is_legacy = variable == "AWS_RETRY_MODE" && value.as_deref() == Some("legacy");
        let why = if is_legacy { LEGACY } else { why };
        // `regional` is what Unstale always does, so that value is not ignored.
        if value.is_some_and(|value| value != "regional") {
            tracing::warn!(setting = variable, why, "a setting of the AWS CLI is not followed");
        }
    }
}

/// The certificates of `AWS_CA_BUNDLE`, of the profile's `ca_bundle` or of `REQUESTS_CA_BUNDLE`, in botocore's
/// order. If none is set, the certificates of the system.
fn trust(settings: &SdkConfig) -> Result<TrustStore, AwsEnvironmentError> {
    let of_python = || variable("REQUESTS_CA_BUNDLE");
    let named =
        setting(settings, Name("AWS_CA_BUNDLE", "ca_bundle")).map(|file| ("AWS_CA_BUNDLE (ca_bundle)", file));
    let named = named.or_else(|| of_python().map(|file| ("REQUESTS_CA_BUNDLE", file)));
    let Some((name, file)) = named else { return Ok(TrustStore::default()) };
    let trust = http_client::bundle(file.as_ref());
    let file = PathBuf::from(file);
    let trust = trust.map_err(|error| AwsEnvironmentError::Bundle { name, file: file.clone(), error })?;
    tracing::info!(file = %file.display(), "AWS is believed with the certificates of this file alone");
    Ok(trust)
}
