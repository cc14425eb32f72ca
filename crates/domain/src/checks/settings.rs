//! What people set for the checks of one distribution.

use url::Url;

use super::{
    super::distributions::{distribution::Distribution, host::HostName},
    api_check::ApiCheck,
    edge_location::EdgeLocation,
    look_headers::LookHeaders,
};

/// The most URLs that may be set for one distribution.
pub const URLS_MAX: usize = 20;
/// The longest text, URL or header value, in bytes.
pub const TEXT_MAX: usize = 1_000;
/// The most request headers.
pub const HEADERS_MAX: usize = 10;
/// What secret headers for the distribution's own hosts are bound to in the place of an origin.
pub const OWN_HOSTS: &str = "own hosts";

/// The settings. The default works without any: the first alias, and the URLs that an invalidation names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckSettings {
    pub enabled: bool,
    /// The host that is looked at. `None` for the first alias, or else the distribution's own domain.
    pub host: Option<String>,
    /// Paths, or URLs at hosts of the distribution, to look at when a wildcard or a tag may cover them.
    pub urls: Vec<String>,
    /// Headers that each look at the distribution's own hosts sends.
    pub headers: LookHeaders,
    /// A text that each page must contain, such as `build 5121`.
    pub must_contain: Option<String>,
    pub must_not_contain: Option<String>,
    /// The origin whose pages must be able to read what is looked at, such as `https://app.example.com`.
    pub cors_origin: Option<String>,
    /// Whether the origin is asked past CloudFront where viewers get an old or the same copy.
    pub ask_origin: bool,
    /// Whether the compressed copies, which most viewers get, are looked at too.
    pub compressed: bool,
    /// The edge locations that are asked too, after completion.
    pub edge_locations: Vec<EdgeLocation>,
    /// The API behind the site, which is looked at too.
    pub apis: Vec<ApiCheck>,
}

impl Default for CheckSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            host: None,
            urls: Vec::new(),
            headers: LookHeaders::default(),
            must_contain: None,
            must_not_contain: None,
            cors_origin: None,
            ask_origin: false,
            compressed: false,
            edge_locations: Vec::new(),
            apis: Vec::new(),
        }
    }
}

impl CheckSettings {
    /// One line for the history. It names the headers and not their values.
    #[must_use]
    pub fn describe(&self) -> String {
        if !self.enabled {
            return "off".to_owned();
        }
        let names = self.headers.list_names();
        let locations = self.list_edge_locations();
        let parts = [
            self.host.as_ref().map(|host| format!("host {host}")),
            (!self.urls.is_empty()).then(|| format!("URLs {}", self.urls.join(" "))),
            (!names.is_empty()).then(|| format!("headers {names}")),
            self.must_contain.as_ref().map(|text| format!("must contain \"{text}\"")),
            self.must_not_contain.as_ref().map(|text| format!("must not contain \"{text}\"")),
            self.cors_origin.as_ref().map(|origin| format!("CORS for {origin}")),
            self.ask_origin.then(|| "asks the origin".to_owned()),
            self.compressed.then(|| "compressed copies too".to_owned()),
            (!locations.is_empty()).then(|| format!("edge locations {locations}")),
        ];
        let apis = self.apis.iter().map(ApiCheck::describe);
        let parts: Vec<String> = parts.into_iter().flatten().chain(apis).collect();
        if parts.is_empty() { "on".to_owned() } else { format!("on: {}", parts.join("; ")) }
    }

    /// `FRA50-C1, NRT20-P2`. Empty if there are none.
    #[must_use]
    pub fn list_edge_locations(&self) -> String {
        self.edge_locations.iter().map(EdgeLocation::as_str).collect::<Vec<_>>().join(", ")
    }

    /// Whether the invalidations of this distribution are checked.
    #[must_use]
    pub fn cover(&self, distribution: &Distribution) -> bool {
        self.enabled && distribution.has_host()
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
