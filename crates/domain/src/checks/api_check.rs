//! The API behind the site: further addresses, outside of the distribution, that its checks look at.

use url::{Host, Url};

use super::{
    LookHeaderProblem, LookHeaders, NewHeader,
    look_headers::{Sealing, check_headers},
    settings::{TEXT_MAX, serves},
};
use crate::{distributions::distribution::Distribution, secrets_key::SecretPlace};

/// The most APIs that may be set for one distribution.
pub const APIS_MAX: usize = 5;

/// How an API is asked. These methods change nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ApiMethod {
    #[default]
    Get,
    Head,
    /// Only the preflight of CORS.
    Options,
}

impl ApiMethod {
    pub const ALL: [Self; 3] = [Self::Get, Self::Head, Self::Options];

    /// The name of HTTP, also in the store and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Options => "OPTIONS",
        }
    }

    /// The method of this name. `None` for any other: an API is only looked at.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == name)
    }
}

/// One API that is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiCheck {
    /// An https URL at a host that is none of the distribution's.
    pub url: String,
    pub method: ApiMethod,
    /// They are sent to the origin of the URL and nowhere else.
    pub headers: LookHeaders,
}

impl ApiCheck {
    /// The API in words, with the names of its headers and not their values.
    #[must_use]
    pub fn describe(&self) -> String {
        let names = self.headers.list_names();
        let headers = if names.is_empty() { String::new() } else { format!(" with {names}") };
        format!("API {} {}{headers}", self.method.as_str(), self.url)
    }
}

/// An API as somebody wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewApi {
    pub url: String,
    pub method: ApiMethod,
    /// A header without a value keeps the one that is stored for the same URL and name.
    pub headers: Vec<NewHeader>,
}

/// Why an API is refused. The message says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiProblem {
    /// The text is not repeated, since it may have a password in it.
    #[error(
        "This is not the address of an API. Write an https URL with a public host name, such as https://abc123.execute-api.us-east-1.amazonaws.com/prod/students"
    )]
    Url,
    #[error("The URL is longer than {TEXT_MAX} bytes")]
    UrlTooLong,
    #[error("{0} is at a host of this distribution. Add it to the URLs instead")]
    OwnHost(String),
    #[error("{0} appears twice")]
    Twice(String),
    #[error(transparent)]
    Headers(#[from] LookHeaderProblem),
}

impl ApiProblem {
    /// The field of the API that is wrong.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        match self {
            Self::Url | Self::UrlTooLong | Self::OwnHost(_) | Self::Twice(_) => "url",
            Self::Headers(_) => "headers",
        }
    }
}

/// Headers that a look at an API sets itself, as a browser does for the site's page.
const BROWSERS: [&str; 3] = ["origin", "access-control-request-method", "access-control-request-headers"];

/// Ends of names that lead nowhere in public (RFC 6761, RFC 6762, RFC 8375, and `internal` by ICANN).
const NOT_PUBLIC: [&str; 9] =
    ["arpa", "home", "internal", "invalid", "lan", "local", "localdomain", "localhost", "test"];

impl NewApi {
    /// The API as it is stored. `stored` are the ones that were set before, `earlier` those before it in the list.
    pub(super) fn checked(
        self,
        distribution: &Distribution,
        stored: &[ApiCheck],
        earlier: &[ApiCheck],
        sealing: &mut Sealing<'_>,
    ) -> Result<ApiCheck, ApiProblem> {
        let typed = self.url.trim();
        if typed.len() > TEXT_MAX {
            return Err(ApiProblem::UrlTooLong);
        }
        let url = public_url(typed).ok_or(ApiProblem::Url)?;
        if url.host_str().is_some_and(|host| serves(distribution, host)) {
            return Err(ApiProblem::OwnHost(typed.to_owned()));
        }
        if earlier.iter().any(|api| api.url == url.as_str()) {
            return Err(ApiProblem::Twice(typed.to_owned()));
        }
        check_headers(&self.headers)?;
        let own = self.headers.iter().find(|header| is_browsers(&header.name));
        if let Some(own) = own {
            return Err(LookHeaderProblem::NotSendable(own.name.clone()).into());
        }
        let known = stored.iter().find(|api| api.url == url.as_str());
        let known = known.map(|api| api.headers.clone()).unwrap_or_default();
        let origin = url.origin().ascii_serialization();
        let place = SecretPlace { distribution: &distribution.id, origin: &origin, header: "" };
        let headers = sealing.store(self.headers, &known, true, &place)?;
        Ok(ApiCheck { url: url.to_string(), method: self.method, headers })
    }
}

fn is_browsers(name: &str) -> bool {
    BROWSERS.iter().any(|own| own.eq_ignore_ascii_case(name))
}

/// The URL if an API in public may have it: by https at its usual port, at a name of the DNS, without a user.
fn public_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let is_plain = url.scheme() == "https"
        && url.port().is_none()
        && url.username().is_empty()
        && url.password().is_none()
        && url.fragment().is_none();
    let Some(Host::Domain(name)) = url.host() else { return None };
    let last = name.rsplit_once('.').map(|(_, last)| last);
    let is_public = last.is_some_and(|last| !last.is_empty() && !NOT_PUBLIC.contains(&last));
    // The parser forgives what nobody means, such as `https:a.example` and `https://@a.example`.
    let is_written_so = text.get(url.scheme().len()..)?.strip_prefix("://").is_some_and(|rest| {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        !authority.is_empty() && !authority.contains(['@', '\\'])
    });
    (is_plain && is_public && is_written_so).then_some(url)
}
