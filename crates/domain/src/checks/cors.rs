//! Cross-origin requests (CORS): what the pages of another origin get of a URL, and why they may not read it.
//!
//! A browser lets the script of another origin read an answer only if `Access-Control-Allow-Origin` names that origin
//! or is `*`. Before a request with headers of its own it sends a preflight, an OPTIONS, which must have a status of
//! success and allow the origin too (Fetch standard, "CORS check" and "CORS-preflight fetch").

use serde::{Deserialize, Serialize};
use url::Url;

use super::{Answer, BodyHint, CheckCause, EdgeConfiguration, Judgement, Verdict};

/// What the requests of another origin got.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CorsLook {
    /// The origin that the requests name, such as `https://app.example.com`.
    pub origin: String,
    /// The GET. `None` if it got no answer, or was not made: then nothing is known.
    pub get: Option<CorsAnswer>,
    /// The preflight. `None` as above.
    pub preflight: Option<CorsAnswer>,
    /// The names of the headers that the preflight asks about, in lower case.
    pub asked_headers: Vec<String>,
}

/// What one answer says to another origin.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CorsAnswer {
    pub status: u16,
    /// `Access-Control-Allow-Origin`. Several headers are joined with commas, which no browser accepts.
    pub allowed_origin: Option<String>,
    /// Whether `Access-Control-Allow-Credentials` is `true`.
    pub allows_credentials: bool,
    /// Whether CloudFront itself says that the behaviour does not allow the method.
    pub method_refused: bool,
    /// Whether API Gateway says that it has no such path or method.
    pub route_missing: bool,
    /// `Access-Control-Allow-Headers`. Several headers are joined with commas, which stands for a list of all of them.
    pub allowed_headers: Option<String>,
}

/// Which requests of another origin are made after a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CorsRequests {
    None,
    /// The answer is an error. A browser may report it as one of CORS, which the GET shows.
    Get,
    GetAndPreflight,
}

/// The longest value of a header that is kept, in bytes.
const VALUE_MAX: usize = 500;

impl CorsRequests {
    /// What is worth asking: CORS matters where the answer is good, or where no later look will prove more, and where
    /// it is an error.
    #[must_use]
    pub fn after(judgement: Judgement, answer: &Answer) -> Self {
        if answer.is_error() {
            return if judgement.verdict == Verdict::Broken { Self::Get } else { Self::None };
        }
        let is_final = match judgement.verdict {
            Verdict::Fresh | Verdict::Unchanged => true,
            Verdict::Unclear => judgement.cause.is_some_and(CheckCause::is_lasting),
            Verdict::Stale | Verdict::Broken => false,
        };
        if is_final && !answer.is_redirect() { Self::GetAndPreflight } else { Self::None }
    }
}

impl CorsAnswer {
    /// Reads an answer's head. `headers` are pairs of name and value; `hint` is what its body is known for.
    pub fn read<'a>(
        status: u16,
        headers: impl IntoIterator<Item = (&'a str, &'a str)>,
        hint: BodyHint,
    ) -> Self {
        let mut answer = Self {
            status,
            method_refused: hint == BodyHint::MethodNotAllowed,
            route_missing: hint == BodyHint::ApiRouteMissing,
            ..Self::default()
        };
        let (mut allowed, mut names): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
        for (name, value) in headers {
            if name.eq_ignore_ascii_case("access-control-allow-origin") {
                allowed.push(value.trim());
            } else if name.eq_ignore_ascii_case("access-control-allow-headers") {
                names.push(value.trim());
            } else if name.eq_ignore_ascii_case("access-control-allow-credentials") {
                // The Fetch standard wants these bytes: `True` counts for nothing.
                answer.allows_credentials = value.trim() == "true";
            }
        }
        let joined = |values: Vec<&str>| {
            (!values.is_empty()).then(|| values.join(", ").chars().take(VALUE_MAX).collect())
        };
        answer.allowed_origin = joined(allowed);
        answer.allowed_headers = joined(names);
        answer
    }

    /// Whether the header lets this origin read the answer. It is compared byte for byte.
    pub(super) fn allows(&self, origin: &str) -> bool {
        self.allowed_origin.as_deref().is_some_and(|allowed| allowed == "*" || allowed == origin)
    }

    /// Whether a browser goes on after this preflight.
    pub(super) fn is_good_preflight(&self, origin: &str) -> bool {
        (200..300).contains(&self.status) && self.allows(origin)
    }
}

impl CorsLook {
    /// The headers that the preflight asks about and its answer does not allow. `*` allows each but `authorization`
    /// (Fetch standard, "CORS non-wildcard request-header name").
    #[must_use]
    pub fn refused_headers(&self) -> Vec<&str> {
        let Some(preflight) = &self.preflight else { return Vec::new() };
        let allowed: Vec<&str> =
            preflight.allowed_headers.iter().flat_map(|list| list.split(',')).map(str::trim).collect();
        let is_any = allowed.contains(&"*") && !preflight.allows_credentials;
        let is_allowed = |name: &str| {
            allowed.iter().any(|one| one.eq_ignore_ascii_case(name)) || is_any && name != "authorization"
        };
        self.asked_headers.iter().map(String::as_str).filter(|name| !is_allowed(name)).collect()
    }

    /// Whether the GET shows that a browser reports this error as one of CORS.
    #[must_use]
    pub fn hides_error(&self) -> bool {
        self.get.as_ref().is_some_and(|get| get.status >= 400 && !get.allows(&self.origin))
    }
}

/// Takes into a judgement what another origin got. It can make it worse, and never better.
#[must_use]
pub fn judge_cors(judgement: Judgement, answer: &Answer, configuration: &EdgeConfiguration) -> Judgement {
    let cause = answer.cors.as_ref().filter(|_| !answer.is_error());
    let cause = cause.and_then(|look| cause_of(look, answer, configuration));
    cause.map_or(judgement, |cause| Judgement { verdict: Verdict::Broken, cause: Some(cause) })
}

/// Why the other origin may not read the answer. `None` if it may, or if that is not known.
pub(super) fn cause_of(
    look: &CorsLook,
    plain: &Answer,
    configuration: &EdgeConfiguration,
) -> Option<CheckCause> {
    let get = look.get.as_ref()?;
    if get.status >= 400 {
        return Some(CheckCause::CorsRequestRefused);
    }
    if !get.allows(&look.origin) {
        return Some(why_not_allowed(look, get, plain));
    }
    if get.allowed_origin.as_deref() == Some("*") && get.allows_credentials {
        return Some(CheckCause::CorsCredentialsWithAny);
    }
    let preflight = look.preflight.as_ref().filter(|one| !one.is_good_preflight(&look.origin))?;
    let methods = configuration.allowed_methods.as_ref();
    let is_excluded = methods.is_some_and(|methods| !methods.iter().any(|method| method == "OPTIONS"));
    let is_refused = preflight.status >= 400;
    // By default a behaviour allows GET and HEAD alone. A plain GET, which the origin may read, needs no preflight.
    let is_by_design = preflight.method_refused || (is_refused && is_excluded);
    (!is_by_design).then_some(CheckCause::CorsPreflightRefused)
}

/// Where another look at the same URL is allowed, the edge has a copy with the headers of another request: the header
/// `Origin` is no part of the cache key. CloudFront keeps no answer to OPTIONS unless that is set, so that a preflight
/// shows what the origin says now.
fn why_not_allowed(look: &CorsLook, get: &CorsAnswer, plain: &Answer) -> CheckCause {
    let origin = &look.origin;
    let is_plain_allowed =
        plain.allowed_origin.as_deref().is_some_and(|allowed| allowed == "*" || allowed == origin);
    let is_allowed_elsewhere =
        is_plain_allowed || look.preflight.as_ref().is_some_and(|one| one.is_good_preflight(origin));
    if is_allowed_elsewhere {
        CheckCause::CorsCachedWithoutOrigin
    } else if get.allowed_origin.is_some() {
        CheckCause::CorsOtherOrigin
    } else {
        CheckCause::CorsMissing
    }
}

/// The origin of a text such as `https://app.example.com:8443`, as browsers write it. `None` if it is none: another
/// scheme than http and https, a user name, a path, a query or a fragment.
#[must_use]
pub fn parse_origin(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let is_bare = url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    let is_web = matches!(url.scheme(), "https" | "http") && url.host().is_some();
    // The parser forgives what nobody means, such as `https:a.example` and `https://@a.example`.
    let rest = text.get(url.scheme().len()..)?.strip_prefix("://")?;
    let is_written_so = !rest.contains(['\\', '@']) && rest.trim_end_matches('/').len() + 1 >= rest.len();
    (is_web && is_bare && is_written_so).then(|| url.origin().ascii_serialization())
}
