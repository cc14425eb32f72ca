//! Decrypts the secret headers of looks. They stay in memory for the looks of one round, and are never printed.

use hyper::header::{HeaderName, HeaderValue};
use url::Url;

use crate::domain::{
    checks::{CheckSettings, SecretHeader, settings::OWN_HOSTS},
    id::DistributionId,
    secrets_key::{SecretPlace, SecretsKey},
};

/// Headers with their values, which `Debug` does not show.
pub type OpenedHeaders = Vec<(HeaderName, HeaderValue)>;

/// Decrypts the headers for a distribution's own hosts. `None` if one of them cannot be read.
pub fn open_own(
    headers: &[SecretHeader],
    distribution: &DistributionId,
    key: Option<&SecretsKey>,
) -> Option<OpenedHeaders> {
    open(headers, distribution, OWN_HOSTS, key)
}

/// The headers that people set for a site, for one of its URLs. Secrets go over HTTPS only. `None` if a secret cannot be
/// decrypted.
pub fn site_headers(
    settings: &CheckSettings,
    secrets: Option<&OpenedHeaders>,
    url: &Url,
) -> Option<Vec<(HeaderName, HeaderValue)>> {
    let plain = settings.headers.plain.iter();
    let plain = plain.filter_map(|(name, value)| Some((name.parse().ok()?, value.parse().ok()?)));
    let secrets = secrets?.iter().filter(|_| url.scheme() == "https").cloned();
    Some(plain.chain(secrets).collect())
}

/// Decrypts the headers for one origin. `None` if one of them cannot be read: then nothing may be sent in its place.
pub(super) fn open(
    headers: &[SecretHeader],
    distribution: &DistributionId,
    origin: &str,
    key: Option<&SecretsKey>,
) -> Option<OpenedHeaders> {
    let open_one = |header: &SecretHeader| {
        let place = SecretPlace { distribution, origin, header: &header.name };
        let mut value: HeaderValue = key?.open(&header.value, &place)?.parse().ok()?;
        value.set_sensitive(true);
        Some((header.name.parse().ok()?, value))
    };
    headers.iter().map(open_one).collect()
}
