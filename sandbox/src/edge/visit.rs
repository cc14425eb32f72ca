//! Owns one viewer's request as the edge understands it.

use hyper::Method;
use hyper::header::{COOKIE, HOST};
use hyper::http::request::Parts;

use crate::edge_rules::{Asked, EdgeRule};
use crate::state::{Distribution, View};
use crate::world::World;

/// The header in which a client that connects to this one address says which name it would have resolved. It takes the
/// place of the address by which real edge locations are told apart.
const RESOLVED_NAME: &str = "x-resolved-name";

/// The edge locations that there are besides the sandbox's own. A name of another one leads to that.
const EDGE_LOCATIONS: [&str; 9] =
    ["IAD89-C1", "SFO53-C1", "GRU1-C2", "FRA50-C1", "BOM52-C1", "SIN2-P6", "NRT20-P2", "SYD1-C1", "DXB52-P1"];

/// A request, the distribution that it is for, and the rule that it meets.
#[derive(Debug)]
pub(super) struct Visit {
    pub distribution: Distribution,
    pub request: Parts,
    pub rule: Option<EdgeRule>,
    /// Whether the host is that of the origin: CloudFront has no part in the answer.
    pub is_direct: bool,
    /// The edge location that the host names, or the name that would have been resolved.
    pub edge_location: Option<String>,
    /// Its number in the log of views.
    pub n: u64,
}

impl Visit {
    /// `None` when there is no distribution at all.
    pub fn of(world: &World, request: Parts) -> Option<Self> {
        let asked_host = host(&request);
        let (host, edge_location) = located(&asked_host);
        let resolved_name = text(&request, RESOLVED_NAME).unwrap_or_default().to_ascii_lowercase();
        let edge_location = located(&resolved_name).1.or(edge_location);
        let mut state = world.shared.lock();
        let origin = state.distribution_of_origin(&host).cloned();
        let is_direct = origin.is_some();
        let distribution = match origin {
            Some(origin) => origin,
            None => state.distribution_for_viewer(&host, |name| text(&request, name))?.clone(),
        };
        let now = world.clock.now();
        let asked = Asked {
            distribution: &distribution.id,
            hosts: [&asked_host, &host, &resolved_name],
            is_direct,
            request: &request,
        };
        let rule = state.edge_rules.meet(&asked, now);
        let visit = Self { distribution, request, rule, is_direct, edge_location, n: 0 };
        let n = state.views.add(View::of(
            &visit.request,
            &visit.distribution.id,
            visit.host(),
            visit.target(),
            now,
        ));
        Some(Self { n, ..visit })
    }

    /// The rule, where it says what the origin answers.
    pub fn origin_rule(&self) -> Option<&EdgeRule> {
        self.rule.as_ref().filter(|rule| rule.answer.is_the_origins())
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        text(&self.request, name)
    }

    /// Whether an answer may come from the cache.
    pub fn is_cacheable(&self) -> bool {
        [Method::GET, Method::HEAD].contains(&self.request.method)
    }

    /// Whether the viewer came by HTTPS. The edge itself has plain HTTP only, so whoever asks it says so, as a proxy
    /// that ends TLS does.
    pub fn is_https(&self) -> bool {
        let proto = self.header("x-forwarded-proto").and_then(|proto| proto.split(',').next());
        proto.is_some_and(|proto| proto.trim().eq_ignore_ascii_case("https"))
    }

    /// The host as it was asked for, with its port.
    pub fn host(&self) -> &str {
        self.header(HOST.as_str()).unwrap_or_default()
    }

    /// Path and query string.
    pub fn target(&self) -> &str {
        self.request.uri.path_and_query().map_or("/", |target| target.as_str())
    }

    /// What the viewer hands over to be let in: the parameter of the query string, else the cookie `CloudFront-…`.
    pub fn credential(&self, name: &str) -> Option<String> {
        let query = self.request.uri.query().unwrap_or_default().as_bytes();
        let parameter = form_urlencoded::parse(query).find(|(known, _)| known == name);
        if let Some((_, value)) = parameter {
            return Some(value.into_owned());
        }
        let cookies = self.request.headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs =
            cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.split_once('='));
        let cookie = format!("CloudFront-{name}");
        pairs.find(|(known, _)| known.trim() == cookie).map(|(_, value)| value.trim().to_owned())
    }
}

fn text<'a>(request: &'a Parts, name: &str) -> Option<&'a str> {
    request.headers.get(name)?.to_str().ok()
}

/// `d1234.fra50-c1.cloudfront.net` is `d1234.cloudfront.net` at the edge location FRA50-C1. AWS does not document such
/// names; others use them (`get_pop_ip` of awslabs/aws-cloudfront-extensions).
fn located(host: &str) -> (String, Option<String>) {
    let label = host.strip_suffix(".cloudfront.net").and_then(|host| host.split_once('.'));
    match label {
        Some((label, location)) if location.len() > 3 && !location.contains('.') => {
            let location = location.to_ascii_uppercase();
            let known = EDGE_LOCATIONS.contains(&location.as_str()).then_some(location);
            (format!("{label}.cloudfront.net"), known)
        }
        _ => (host.to_owned(), None),
    }
}

/// The host that the viewer means, without its port.
fn host(request: &Parts) -> String {
    let header = request.headers.get(HOST).and_then(|host| host.to_str().ok());
    let host = request.uri.host().or(header).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    name.trim_end_matches('.').to_ascii_lowercase()
}
