//! What one look asks for.

use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::{
    Method, Request, Uri,
    header::{self, HeaderMap, HeaderName, HeaderValue},
};
use url::{Position, Url};

use crate::error::{FetchError, UrlProblem};

/// The methods that a look may use: those that change nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EdgeMethod {
    Get,
    /// Has no body to hash. Some caches keep nothing of its answer.
    Head,
    /// Also the preflight of CORS; its redirects are not followed, as in browsers (the Fetch standard).
    Options,
}

/// One look at one URL. The path is sent as the URL spells it, and nothing is added to it.
pub struct EdgeRequest<'a> {
    pub method: EdgeMethod,
    pub url: &'a Url,
    /// Further headers. They stand in place of those that every look has: `Accept`, `Accept-Encoding: identity`,
    /// `Pragma: server-timing`, `User-Agent`. Those that belong to the connection, and `Host`, are refused.
    ///
    /// On a redirect to another host, or away from https, only `Origin` goes along: the others may be secrets.
    pub headers: &'a [(HeaderName, HeaderValue)],
    /// The name that is resolved in the place of the URL's host, such as that of one edge location. Its addresses are
    /// judged as all are. The name that TLS asks for, the certificate and `Host` are those of the URL all the same. A
    /// redirect to another host does not use it.
    pub resolved_name: Option<&'a str>,
    /// Texts to look for in the body, as far as it is read. Upper and lower case differ.
    pub needles: &'a [String],
    /// Whether a redirect may be followed to this URL. It is asked only about URLs that the rules about user names,
    /// ports and addresses allow; a name is resolved and judged after that. `None` follows none: the answer that
    /// redirects is then the answer of the look.
    pub may_follow: Option<&'a (dyn Fn(&Url) -> bool + Sync)>,
}

const USER_AGENT: &str = concat!("unstale-check/", env!("CARGO_PKG_VERSION"));

/// What the connection itself decides: where the request goes and where its message ends (RFC 9110, 7.6.1).
const OWN: [HeaderName; 11] = [
    header::HOST,
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::EXPECT,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

impl EdgeMethod {
    fn as_http(self) -> Method {
        match self {
            Self::Get => Method::GET,
            Self::Head => Method::HEAD,
            Self::Options => Method::OPTIONS,
        }
    }
}

impl EdgeRequest<'_> {
    pub(crate) fn check(&self) -> Result<(), FetchError> {
        let own = self.headers.iter().find(|(name, _)| OWN.contains(name));
        own.map_or(Ok(()), |(name, _)| Err(FetchError::HeaderRefused(name.clone())))
    }

    /// The name that is resolved for this URL, if it is not its host.
    pub(crate) fn name_for(&self, url: &Url) -> Option<&str> {
        self.resolved_name.filter(|_| self.url.host() == url.host())
    }

    /// The request for this URL, which is that of the look or one that it was redirected to.
    pub(crate) fn to(&self, url: &Url) -> Result<Request<Empty<Bytes>>, FetchError> {
        let path = |_| FetchError::UrlRefused(UrlProblem::Path);
        let target = &url[Position::BeforePath..Position::AfterQuery];
        let uri: Uri = target.parse().map_err(path)?;
        let mut request = Request::new(Empty::new());
        *request.method_mut() = self.method.as_http();
        *request.uri_mut() = uri;
        let host = &url[Position::BeforeHost..Position::AfterPort];
        let host = HeaderValue::from_str(host).map_err(|_| FetchError::UrlRefused(UrlProblem::Host))?;
        *request.headers_mut() = self.headers_for(url, host);
        Ok(request)
    }

    fn headers_for(&self, url: &Url, host: HeaderValue) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host);
        for (name, value) in [
            (header::USER_AGENT, USER_AGENT),
            (header::ACCEPT, "*/*"),
            (header::ACCEPT_ENCODING, "identity"),
            // CloudFront then adds `Server-Timing` where the distribution's response headers policy has it on.
            (header::PRAGMA, "server-timing"),
            (header::CONNECTION, "close"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let all = is_same_place(self.url, url);
        let sent = self.headers.iter().filter(|(name, _)| all || *name == header::ORIGIN);
        let sent: Vec<_> = sent.collect();
        for (name, _) in &sent {
            headers.remove(name);
        }
        for (name, value) in sent {
            headers.append(name, value.clone());
        }
        headers
    }
}

/// Whether what is meant for one URL may be sent to the other: the same host, and not from https to http.
fn is_same_place(from: &Url, to: &Url) -> bool {
    let is_safe = to.scheme() == "https" || from.scheme() == "http";
    let is_same_port = from.port() == to.port() || (from.scheme() == "http" && to.scheme() == "https");
    from.host() == to.host() && is_safe && is_same_port
}
