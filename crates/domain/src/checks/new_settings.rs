//! Settings of checks as people hand them in: checked, with their secrets encrypted, they become [`CheckSettings`].

use super::{
    ApiProblem, CheckSettings, EDGE_LOCATIONS_MAX, EdgeLocation, LookHeaderProblem, NewApi, NewHeader,
    api_check::APIS_MAX,
    cors::parse_origin,
    edge_location::location_label,
    look_headers::{Sealing, check_headers},
    settings::{OWN_HOSTS, TEXT_MAX, URLS_MAX, serves, url_at},
};
use crate::{distributions::distribution::Distribution, secrets_key::SecretPlace};

/// So many characters of a wrong name are shown.
const EDGE_LOCATION_SHOWN: usize = 40;

/// What somebody wants to set. Headers may have secrets as values, which `Debug` does not show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCheckSettings {
    pub enabled: bool,
    pub host: Option<String>,
    pub urls: Vec<String>,
    /// A secret without a value keeps the one that is stored under its name.
    pub headers: Vec<NewHeader>,
    pub must_contain: Option<String>,
    pub must_not_contain: Option<String>,
    pub cors_origin: Option<String>,
    pub ask_origin: bool,
    pub compressed: bool,
    pub edge_locations: Vec<String>,
    pub apis: Vec<NewApi>,
}

impl Default for NewCheckSettings {
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
            compressed: false,
            edge_locations: Vec::new(),
            apis: Vec::new(),
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
    #[error(
        "looks do not see a staging distribution, which viewers reach only through its primary distribution"
    )]
    Staging,
    /// The most that there may be.
    #[error("At most {0} URLs can be named")]
    TooManyUrls(usize),
    #[error(transparent)]
    Headers(#[from] LookHeaderProblem),
    #[error("{0} is not an origin. Write scheme and host, such as https://app.example.com, without a path")]
    CorsOrigin(String),
    #[error("{0} is not the name of an edge location. Write it as X-Amz-Cf-Pop has it, such as FRA50-C1")]
    EdgeLocation(String),
    #[error("At most {EDGE_LOCATIONS_MAX} edge locations can be named")]
    TooManyEdgeLocations,
    #[error(
        "edge locations are asked at names below the distribution's domain name, and {0} is not a name like \
         d111111abcdef8.cloudfront.net"
    )]
    NoLocationName(String),
    #[error("At most {APIS_MAX} APIs can be set")]
    TooManyApis,
    /// The number of the API in the list, from 0.
    #[error("{1}")]
    Api(usize, ApiProblem),
    /// The text of this field.
    #[error("The text is longer than {TEXT_MAX} bytes")]
    TooLong(&'static str),
}

impl CheckSettingsError {
    /// The field of the form and of the API that is wrong.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        match self {
            Self::Staging => "distribution",
            Self::Host(_) => "host",
            Self::Url(_) | Self::TooManyUrls(_) => "urls",
            Self::Headers(_) => "headers",
            Self::CorsOrigin(_) => "cors_origin",
            Self::EdgeLocation(_) | Self::TooManyEdgeLocations | Self::NoLocationName(_) => "edge_locations",
            Self::TooManyApis | Self::Api(..) => "apis",
            Self::TooLong(field) => field,
        }
    }

    /// The place in the body of a request (RFC 6901).
    #[must_use]
    pub fn pointer(&self) -> String {
        match self {
            Self::Api(number, problem) => format!("/apis/{number}/{}", problem.field()),
            other => format!("/{}", other.field()),
        }
    }
}

impl NewCheckSettings {
    /// The settings to store, without spaces around the texts and without empty ones. `Err` says what is wrong with
    /// which text. `stored` is what is set now: a secret without a value keeps the one in it.
    pub fn checked(
        self,
        distribution: &Distribution,
        stored: &CheckSettings,
        sealing: &mut Sealing<'_>,
    ) -> Result<CheckSettings, CheckSettingsError> {
        let given =
            |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let mut settings = CheckSettings {
            enabled: self.enabled,
            host: given(self.host),
            urls: self.urls.into_iter().filter_map(|url| given(Some(url))).collect(),
            must_contain: given(self.must_contain),
            must_not_contain: given(self.must_not_contain),
            cors_origin: given(self.cors_origin),
            ask_origin: self.ask_origin,
            compressed: self.compressed,
            edge_locations: parse_edge_locations(&self.edge_locations, distribution)?,
            ..CheckSettings::default()
        };
        check_texts(&mut settings, distribution)?;
        check_headers(&self.headers)?;
        let place = SecretPlace { distribution: &distribution.id, origin: OWN_HOSTS, header: "" };
        settings.headers = sealing.store(self.headers, &stored.headers, false, &place)?;
        if self.apis.len() > APIS_MAX {
            return Err(CheckSettingsError::TooManyApis);
        }
        for (number, api) in self.apis.into_iter().enumerate() {
            let api = api.checked(distribution, &stored.apis, &settings.apis, sealing);
            settings.apis.push(api.map_err(|problem| CheckSettingsError::Api(number, problem))?);
        }
        Ok(settings)
    }
}

/// Checks everything but the headers and the APIs.
fn check_texts(settings: &mut CheckSettings, distribution: &Distribution) -> Result<(), CheckSettingsError> {
    check_lengths(settings)?;
    if let Some(origin) = &mut settings.cors_origin {
        *origin = parse_origin(origin).ok_or_else(|| CheckSettingsError::CorsOrigin(origin.clone()))?;
    }
    if let Some(host) = &settings.host
        && !serves(distribution, host)
    {
        return Err(CheckSettingsError::Host(host.clone()));
    }
    if settings.urls.len() > URLS_MAX {
        return Err(CheckSettingsError::TooManyUrls(URLS_MAX));
    }
    // A path is at the primary host, which may be set in the same form.
    let host = settings.primary_host(distribution).unwrap_or_else(|| "host.invalid".to_owned());
    let wrong = settings.urls.iter().find(|url| url_at(distribution, &host, url).is_none());
    wrong.map_or(Ok(()), |url| Err(CheckSettingsError::Url(url.clone())))
}

/// The edge locations of these names, each once.
fn parse_edge_locations(
    names: &[String],
    distribution: &Distribution,
) -> Result<Vec<EdgeLocation>, CheckSettingsError> {
    let mut locations: Vec<EdgeLocation> = Vec::new();
    for name in names.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
        let location = EdgeLocation::parse(name).ok_or_else(|| {
            CheckSettingsError::EdgeLocation(name.chars().take(EDGE_LOCATION_SHOWN).collect())
        })?;
        if !locations.contains(&location) {
            locations.push(location);
        }
    }
    if locations.len() > EDGE_LOCATIONS_MAX {
        return Err(CheckSettingsError::TooManyEdgeLocations);
    }
    let domain_name = &distribution.domain_name;
    if !locations.is_empty() && location_label(domain_name).is_none() {
        return Err(CheckSettingsError::NoLocationName(domain_name.clone()));
    }
    Ok(locations)
}

fn check_lengths(settings: &CheckSettings) -> Result<(), CheckSettingsError> {
    let is_long = |text: &String| text.len() > TEXT_MAX;
    let fields = [
        ("host", settings.host.as_ref().is_some_and(is_long)),
        ("urls", settings.urls.iter().any(is_long)),
        ("must_contain", settings.must_contain.as_ref().is_some_and(is_long)),
        ("must_not_contain", settings.must_not_contain.as_ref().is_some_and(is_long)),
        ("cors_origin", settings.cors_origin.as_ref().is_some_and(is_long)),
    ];
    let long = fields.into_iter().find(|(_, is_long)| *is_long);
    long.map_or(Ok(()), |(field, _)| Err(CheckSettingsError::TooLong(field)))
}

#[cfg(test)]
mod tests;
