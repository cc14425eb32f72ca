//! What people set for the checks of one distribution.

use url::Url;

use super::{
    super::distributions::{
        distribution::{Distribution, DistributionReadiness},
        host::HostName,
    },
    cors::parse_origin,
};

/// The most URLs that may be set for one distribution.
pub const URLS_MAX: usize = 20;
/// The longest text, URL or header value, in bytes.
pub const TEXT_MAX: usize = 1_000;
/// The most request headers.
pub const HEADERS_MAX: usize = 10;

/// The settings. The default works without any: the first alias, and the URLs that an invalidation names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckSettings {
    pub enabled: bool,
    /// The host that is looked at. `None` for the first alias, or else the distribution's own domain.
    pub host: Option<String>,
    /// Paths, or URLs at hosts of the distribution, to look at when a wildcard or a tag may cover them.
    pub urls: Vec<String>,
    /// Headers that each look sends: name and value.
    pub headers: Vec<(String, String)>,
    /// A text that each page must contain, such as `build 5121`.
    pub must_contain: Option<String>,
    pub must_not_contain: Option<String>,
    /// The origin whose pages must be able to read what is looked at, such as `https://app.example.com`.
    pub cors_origin: Option<String>,
    /// Whether the origin is asked past CloudFront where viewers get an old or the same copy.
    pub ask_origin: bool,
}

impl Default for CheckSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            host: None,
            urls: Vec::new(),
            headers: Vec::new(),
            must_contain: None,
            must_not_contain: None,
            cors_origin: None,
            ask_origin: false,
        }
    }
}

/// Why settings are refused. The message says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckSettingsError {
    #[error("{0} is not a host that this distribution serves. Give one of its alternate domain names")]
    Host(String),
    #[error(
        "{0} is not a URL of this distribution. Write a path that begins with /, or an https URL at one of its hosts"
    )]
    Url(String),
    /// The most that there may be.
    #[error("At most {0} URLs can be named")]
    TooManyUrls(usize),
    #[error("{0} is not a header that a look can send")]
    Header(String),
    #[error("{0} may carry a secret. Settings are stored as plain text, so that header is refused")]
    SecretHeader(String),
    #[error("At most {HEADERS_MAX} headers can be set")]
    TooManyHeaders,
    #[error("{0} is not an origin. Write scheme and host, such as https://app.example.com, without a path")]
    CorsOrigin(String),
    /// The text of this field.
    #[error("The text is longer than {TEXT_MAX} bytes")]
    TooLong(&'static str),
}

impl CheckSettingsError {
    /// The field of the form and of the API that is wrong.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        match self {
            Self::Host(_) => "host",
            Self::Url(_) | Self::TooManyUrls(_) => "urls",
            Self::Header(_) | Self::SecretHeader(_) | Self::TooManyHeaders => "headers",
            Self::CorsOrigin(_) => "cors_origin",
            Self::TooLong(field) => field,
        }
    }
}

/// Headers that the connection or the look itself sets.
const OWN_HEADERS: [&str; 13] = [
    "host",
    "connection",
    "content-length",
    "expect",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "keep-alive",
    "proxy-connection",
    "range",
    "accept-encoding",
    "user-agent",
];

/// Parts of the names of headers that carry secrets.
const SECRET_PARTS: [&str; 8] =
    ["auth", "cookie", "key", "token", "secret", "password", "session", "signature"];

impl CheckSettings {
    /// The settings without spaces around the texts and without empty ones. `Err` says what is wrong with which text.
    pub fn checked(mut self, distribution: &Distribution) -> Result<Self, CheckSettingsError> {
        let given =
            |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        self.host = given(self.host);
        self.must_contain = given(self.must_contain);
        self.must_not_contain = given(self.must_not_contain);
        self.urls = self.urls.into_iter().filter_map(|url| given(Some(url))).collect();
        self.cors_origin = given(self.cors_origin);
        self.check_lengths()?;
        if let Some(origin) = &mut self.cors_origin {
            *origin = parse_origin(origin).ok_or_else(|| CheckSettingsError::CorsOrigin(origin.clone()))?;
        }
        if let Some(host) = &self.host
            && !serves(distribution, host)
        {
            return Err(CheckSettingsError::Host(host.clone()));
        }
        if self.urls.len() > URLS_MAX {
            return Err(CheckSettingsError::TooManyUrls(URLS_MAX));
        }
        // A path is at the primary host, which may be set in the same form.
        let host = self.primary_host(distribution).unwrap_or_else(|| "host.invalid".to_owned());
        let wrong = self.urls.iter().find(|url| url_at(distribution, &host, url).is_none());
        if let Some(url) = wrong {
            return Err(CheckSettingsError::Url(url.clone()));
        }
        check_headers(&self.headers)?;
        Ok(self)
    }

    /// One line for the history. It names the headers and not their values.
    #[must_use]
    pub fn describe(&self) -> String {
        if !self.enabled {
            return "off".to_owned();
        }
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        let parts = [
            self.host.as_ref().map(|host| format!("host {host}")),
            (!self.urls.is_empty()).then(|| format!("URLs {}", self.urls.join(" "))),
            (!names.is_empty()).then(|| format!("headers {}", names.join(", "))),
            self.must_contain.as_ref().map(|text| format!("must contain \"{text}\"")),
            self.must_not_contain.as_ref().map(|text| format!("must not contain \"{text}\"")),
            self.cors_origin.as_ref().map(|origin| format!("CORS for {origin}")),
            self.ask_origin.then(|| "asks the origin".to_owned()),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if parts.is_empty() { "on".to_owned() } else { format!("on: {}", parts.join("; ")) }
    }

    fn check_lengths(&self) -> Result<(), CheckSettingsError> {
        let is_long = |text: &String| text.len() > TEXT_MAX;
        let mut headers = self.headers.iter().flat_map(|(name, value)| [name, value]);
        let fields = [
            ("host", self.host.as_ref().is_some_and(is_long)),
            ("urls", self.urls.iter().any(is_long)),
            ("headers", headers.any(is_long)),
            ("must_contain", self.must_contain.as_ref().is_some_and(is_long)),
            ("must_not_contain", self.must_not_contain.as_ref().is_some_and(is_long)),
            ("cors_origin", self.cors_origin.as_ref().is_some_and(is_long)),
        ];
        let long = fields.into_iter().find(|(_, is_long)| *is_long);
        long.map_or(Ok(()), |(field, _)| Err(CheckSettingsError::TooLong(field)))
    }

    /// Whether the invalidations of this distribution are checked.
    #[must_use]
    pub fn cover(&self, distribution: &Distribution) -> bool {
        let is_served = !matches!(
            distribution.readiness(),
            DistributionReadiness::Gone | DistributionReadiness::TenantOnly
        );
        self.enabled && is_served && !distribution.staging
    }

    /// The host that paths are looked at: the one that is set, else the first alias that is one name, else the
    /// distribution's own domain. `None` if none is known.
    #[must_use]
    pub fn primary_host(&self, distribution: &Distribution) -> Option<String> {
        let alias = || distribution.aliases.iter().find(|alias| !alias.starts_with("*."));
        // A host that the distribution has lost since may be a stranger's.
        let set = self.host.as_ref().filter(|host| serves(distribution, host));
        let host = set.or_else(alias).unwrap_or(&distribution.domain_name);
        HostName::parse(host).map(|host| host.to_string())
    }
}

/// The full URL of a path or URL that was set. `None` if it is not one of the distribution's.
pub(super) fn url_at(distribution: &Distribution, host: &str, text: &str) -> Option<Url> {
    if text.starts_with('/') {
        return path_at(host, text);
    }
    let url = Url::parse(text).ok()?;
    let is_plain = matches!(url.scheme(), "https" | "http")
        && url.port().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    (is_plain && serves(distribution, url.host_str()?)).then_some(url)
}

/// The URL of a path, spelled as it is. `None` if a URL cannot have this path: viewers then cannot ask for it either.
pub(super) fn path_at(host: &str, path: &str) -> Option<Url> {
    let text = format!("https://{host}{path}");
    let url = Url::parse(&text).ok()?;
    (url.as_str() == text && url.host_str() == Some(host) && url.fragment().is_none()).then_some(url)
}

/// Whether this distribution serves the host.
#[must_use]
pub fn serves(distribution: &Distribution, host: &str) -> bool {
    let Some(host) = HostName::parse(host) else { return false };
    let names = distribution.aliases.iter().chain([&distribution.domain_name]);
    names.map(|name| (name, HostName::of_alias(name.trim_start_matches("*.")))).any(|(name, known)| {
        // Stricter than CloudFront, whose `*.example.com` matches any number of labels (`HostTable`).
        if name.starts_with("*.") {
            host.as_str().split_once('.').is_some_and(|(_, rest)| rest == known.as_str())
        } else {
            host == known
        }
    })
}

fn check_headers(headers: &[(String, String)]) -> Result<(), CheckSettingsError> {
    if headers.len() > HEADERS_MAX {
        return Err(CheckSettingsError::TooManyHeaders);
    }
    for (name, value) in headers {
        let lower = name.to_ascii_lowercase();
        let is_name = !lower.is_empty()
            && lower.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
        let is_value = value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
        if !is_name || !is_value || OWN_HEADERS.contains(&lower.as_str()) {
            return Err(CheckSettingsError::Header(name.clone()));
        }
        if SECRET_PARTS.iter().any(|part| lower.contains(part)) {
            return Err(CheckSettingsError::SecretHeader(name.clone()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
