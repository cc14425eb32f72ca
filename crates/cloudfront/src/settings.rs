//! Checks settings of the AWS CLI when the service starts.
//!
//! The SDK panics on some invalid values (aws-config 1.13, `default_provider::retry_config`). It logs others and
//! ignores the setting. It detects the rest only when it sends a request.

use std::env;

use aws_config::{SdkConfig, retry::RetryConfig};
use aws_types::service_config::ServiceConfigKey;
use hyper::Uri;

/// The services whose endpoint can be configured, by their names in the AWS CLI.
const SERVICES: [&str; 6] = ["CloudFront", "CloudTrail", "CloudWatch", "Pricing Plan Manager", "S3", "STS"];

const FIPS: Name = Name("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint");
const DUAL_STACK: Name = Name("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint");
const ENDPOINT: Name = Name("AWS_ENDPOINT_URL", "endpoint_url");

/// A setting's variable, and its key in the profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name(pub(super) &'static str, pub(super) &'static str);

impl std::fmt::Display for Name {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} ({})", self.0, self.1)
    }
}

/// Why a setting cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    #[error("{name} is {value:?}; it has to be {wanted}")]
    Value { name: Name, value: String, wanted: &'static str },
    /// Leaves the value out, because an address may contain a password.
    #[error("{0} is not the address of a service; write it as https://cloudfront.example.com")]
    Endpoint(String),
    #[error("{0} does not go together with an endpoint of your own ({1}); unset one of them")]
    OwnEndpoint(Name, String),
    #[error(
        "the region {0:?} (AWS_REGION, AWS_DEFAULT_REGION, or region in the profile) is not the name of a region; us-east-1 is CloudFront's"
    )]
    Region(String),
}

/// The settings that Unstale passes to the SDK, so that the SDK does not read them itself.
#[derive(Debug, Clone)]
pub(super) struct SdkSettings {
    pub(super) retry: RetryConfig,
    pub(super) fips: bool,
    pub(super) dual_stack: bool,
}

impl Default for SdkSettings {
    fn default() -> Self {
        Self { retry: RetryConfig::standard(), fips: false, dual_stack: false }
    }
}

impl SdkSettings {
    pub(super) fn read(config: &SdkConfig) -> Result<Self, SettingError> {
        let (fips, dual_stack) = (is_on(config, FIPS)?, is_on(config, DUAL_STACK)?);
        for service in SERVICES {
            let Some(name) = own_endpoint(config, service)? else { continue };
            for (on, setting) in [(fips, FIPS), (dual_stack, DUAL_STACK)] {
                // The other services accept the setting or are not called.
                if on && service == "CloudFront" {
                    return Err(SettingError::OwnEndpoint(setting, name));
                }
            }
        }
        let region = config.region().map_or("", |region| region.as_ref());
        if !is_host_label(region) {
            return Err(SettingError::Region(region.to_owned()));
        }
        Ok(Self { retry: retry(config)?, fips, dual_stack })
    }
}

/// A setting of a service, from its variable or from its key in the profile. `None` if it is not set or empty.
fn of_service(config: &SdkConfig, service: &str, name: Name) -> Option<String> {
    let load = |variable| {
        let key = ServiceConfigKey::builder().service_id(service).env(variable).profile(name.1);
        config.service_config()?.load_config(key.build().ok()?)
    };
    // No variable has an empty name, so this reads only the profile.
    let filled = |value: &String| !value.is_empty();
    load(name.0).filter(filled).or_else(|| load("").filter(filled))
}

pub(super) fn setting(config: &SdkConfig, name: Name) -> Option<String> {
    of_service(config, "CloudFront", name)
}

fn is_on(config: &SdkConfig, name: Name) -> Result<bool, SettingError> {
    let Some(value) = setting(config, name) else { return Ok(false) };
    match value.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(SettingError::Value { name, value, wanted: "true or false" }),
    }
}

/// The retry settings. The SDK does not have the AWS CLI's mode `legacy`; `standard` is the closest mode.
fn retry(config: &SdkConfig) -> Result<RetryConfig, SettingError> {
    let (mode, attempts) = (Name("AWS_RETRY_MODE", "retry_mode"), Name("AWS_MAX_ATTEMPTS", "max_attempts"));
    let value = setting(config, mode).unwrap_or_else(|| "standard".to_owned());
    let retry = match value.to_ascii_lowercase().as_str() {
        "standard" | "legacy" => RetryConfig::standard(),
        "adaptive" => RetryConfig::adaptive(),
        _ => {
            return Err(SettingError::Value { name: mode, value, wanted: "standard, adaptive or legacy" });
        }
    };
    let Some(value) = setting(config, attempts) else { return Ok(retry) };
    match value.parse() {
        Ok(most @ 1_u32..) => Ok(retry.with_max_attempts(most)),
        _ => Err(SettingError::Value { name: attempts, value, wanted: "a whole number from 1 on" }),
    }
}

/// The service's own endpoint. `None` if none is set.
pub(super) fn endpoint(config: &SdkConfig, service: &str) -> Option<String> {
    let key = ServiceConfigKey::builder().service_id(service).env(ENDPOINT.0).profile(ENDPOINT.1).build();
    config.service_config()?.load_config(key.ok()?)
}

/// The name of the setting that sets the service's own endpoint. `None` if no such setting exists.
fn own_endpoint(config: &SdkConfig, service: &str) -> Result<Option<String>, SettingError> {
    // Like the SDK, this treats an empty value as an endpoint.
    let Some(value) = endpoint(config, service) else { return Ok(None) };
    let of_service = service.to_ascii_uppercase().replace(' ', "_");
    let variables = [format!("{}_{of_service}", ENDPOINT.0), ENDPOINT.0.to_owned()];
    let name = variables.into_iter().find(|variable| env::var_os(variable).is_some());
    let name = name.unwrap_or_else(|| format!("{} in the profile", ENDPOINT.1));
    if is_address(&value) { Ok(Some(name)) } else { Err(SettingError::Endpoint(name)) }
}

fn is_address(text: &str) -> bool {
    let uri: Option<Uri> = text.parse().ok();
    uri.is_some_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty())
    })
}

/// Whether the SDK accepts the text as a region (smithy rules engine, `isValidHostLabel`).
fn is_host_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && !text.starts_with('-')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_regions_are_told_from_mistakes() {
        for good in ["http://127.0.0.1:8080", "https://cloudfront.example/", "https://[::1]:1"] {
            assert!(is_address(good), "{good}");
        }
        for wrong in
            ["", "127.0.0.1:8080", "cloudfront.example", "ftp://cloudfront.example", "https://a b", "/x"]
        {
            assert!(!is_address(wrong), "{wrong}");
        }
        assert!(is_host_label("us-east-1") && is_host_label("aws-global"));
        for wrong in ["", " ", "us east 1", "us-east-1 ", "-x", "a.b"] {
            assert!(!is_host_label(wrong), "{wrong}");
        }
    }
}
