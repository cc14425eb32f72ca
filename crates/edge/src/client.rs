//! The client: looks at one URL and follows its redirects, within bounds.

use std::{fmt, io, net::SocketAddr, time::Duration};

use hyper::{
    HeaderMap, StatusCode,
    body::Bytes,
    header::{self, HeaderName, HeaderValue},
};
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::time::Instant;
use unstale_domain::time::Timestamp;
use unstale_runtime::clock::Clock;
use url::Url;

use crate::{
    body::BodyReader,
    connect::connect,
    error::{FetchError, UrlProblem},
    exchange::{Answer, left, read, send},
    limits::LookLimits,
    place::Place,
    request::{EdgeMethod, EdgeRequest},
    resolve::{Lookup, Names, Resolver},
    tls,
};

/// Tells a stand-in which name would have been resolved, where that is not the host of the URL.
const RESOLVED_NAME: HeaderName = HeaderName::from_static("x-resolved-name");

/// How much one look may take.
#[derive(Debug, Clone)]
pub struct Bounds {
    /// For resolving the name, connecting and TLS, for each URL of a look.
    pub connect: Duration,
    /// For the whole look with its redirects, without waiting for others.
    pub whole: Duration,
    /// For waiting until fewer looks go on.
    pub wait: Duration,
    /// The redirects that are followed.
    pub redirects: usize,
    /// The bytes of a header that are read.
    pub header: usize,
    /// The bytes of a body that are read.
    pub body: u64,
    /// The first bytes of a body that are kept for the caller.
    pub beginning: usize,
    /// The looks that go on at one time.
    pub looks: usize,
    /// The looks that go on at one time at one host.
    pub looks_of_host: usize,
    /// The looks that begin in a second, after as many at once as may go on at one time.
    pub looks_a_second: u32,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            whole: Duration::from_secs(15),
            wait: Duration::from_mins(1),
            redirects: 3,
            header: 64 << 10,
            body: 8 << 20,
            beginning: 64 << 10,
            looks: 16,
            looks_of_host: 2,
            // What thousands of looks cost must not be felt by those who request, send and poll at the same time.
            looks_a_second: 100,
        }
    }
}

/// What a look got: the last answer, after its redirects.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// When the header arrived, by our own clock. An object's time in a cache is this less `Age`.
    pub at: Timestamp,
    /// From the beginning of the look until the header arrived, without waiting for other looks.
    pub took: Duration,
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// Of the bytes as they were received, up to the bound: of a compressed body if the answer has a
    /// `Content-Encoding`. `None` for HEAD.
    pub sha256: Option<[u8; 32]>,
    /// The bytes that were received and hashed.
    pub length: u64,
    /// The body is longer than what was read. Two bodies of one hash may then differ further on.
    pub cut: bool,
    /// Which of the needles are in the bytes that were received. In a compressed body none is found, and in one that
    /// was cut each may still follow.
    pub found: Vec<bool>,
    /// The first bytes of the body, as received.
    pub beginning: Bytes,
    /// The URLs that redirects led to, in order; the last one is `final_url`.
    pub redirects: Vec<Url>,
    /// The address that gave the last answer.
    pub address: SocketAddr,
    pub final_url: Url,
}

impl Fetched {
    /// Whether the body has a `Content-Encoding`, although `identity` was asked for.
    #[must_use]
    pub fn is_encoded(&self) -> bool {
        let is_other = |value: &HeaderValue| !value.as_bytes().eq_ignore_ascii_case(b"identity");
        self.headers.get_all(header::CONTENT_ENCODING).iter().any(is_other)
    }
}

/// Why no client can be made.
#[derive(Debug, thiserror::Error)]
pub enum EdgeClientError {
    #[error("this system's certificates cannot be read")]
    Certificates(#[source] io::Error),
    #[error("TLS cannot be set up")]
    Tls(#[from] rustls::Error),
}

/// Looks at URLs. Each look has a connection of its own and sends no cookies. The proxies of the environment are not
/// used: a proxy would resolve the name once more, and so could ask an address that nobody has judged.
pub struct EdgeClient {
    resolver: Resolver,
    tls: ClientConfig,
    clock: Clock,
    limits: LookLimits,
    bounds: Bounds,
}

impl fmt::Debug for EdgeClient {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("EdgeClient").field("place", &self.resolver.place()).finish_non_exhaustive()
    }
}

impl EdgeClient {
    /// A client that believes the certificates of this system.
    pub fn new(place: Place, clock: Clock, bounds: Bounds) -> Result<Self, EdgeClientError> {
        let roots = match place {
            Place::Dns | Place::TlsAt(_) => tls::system_roots().map_err(EdgeClientError::Certificates)?,
            // It is asked in plain HTTP.
            Place::At(_) => RootCertStore::empty(),
        };
        Self::with_roots(place, roots, clock, bounds)
    }

    /// A client that believes these authorities and no others.
    pub fn with_roots(
        place: Place,
        roots: RootCertStore,
        clock: Clock,
        bounds: Bounds,
    ) -> Result<Self, EdgeClientError> {
        let limits = LookLimits::new(&bounds);
        Ok(Self { resolver: Resolver::new(place), tls: tls::config(roots)?, clock, limits, bounds })
    }

    /// Finds addresses in another way than the system does: those of one edge location, for example. They are judged
    /// all the same.
    #[must_use]
    pub fn with_lookup(mut self, lookup: Lookup) -> Self {
        self.resolver.set_lookup(lookup);
        self
    }

    #[cfg(test)]
    pub(crate) fn resolver_mut(&mut self) -> &mut Resolver {
        &mut self.resolver
    }

    /// Looks at one URL. Dropping the future ends the connection.
    pub async fn get(&self, request: &EdgeRequest<'_>) -> Result<Fetched, FetchError> {
        self.get_up_to(request, self.bounds.body).await
    }

    /// The same, and ends the connection after so many bytes of the body, if the bounds allow as many.
    pub async fn get_up_to(&self, request: &EdgeRequest<'_>, bytes: u64) -> Result<Fetched, FetchError> {
        self.fetch(request, bytes.min(self.bounds.body), self.bounds.beginning).await
    }

    /// The same, and keeps all bytes that are read, for text that is searched. The caller holds them as long as the
    /// answer.
    pub async fn get_and_keep(&self, request: &EdgeRequest<'_>, bytes: u64) -> Result<Fetched, FetchError> {
        let bytes = bytes.min(self.bounds.body);
        self.fetch(request, bytes, usize::try_from(bytes).unwrap_or(usize::MAX)).await
    }

    /// What the names of all URLs lead to.
    #[must_use]
    pub fn place(&self) -> Place {
        self.resolver.place()
    }

    async fn fetch(
        &self,
        request: &EdgeRequest<'_>,
        body_max: u64,
        beginning_max: usize,
    ) -> Result<Fetched, FetchError> {
        request.check()?;
        let mut names = Names::default();
        let mut redirects: Vec<Url> = Vec::new();
        let mut took = Duration::ZERO;
        loop {
            let url = redirects.last().unwrap_or(request.url).clone();
            self.resolver.check(&url)?;
            if took >= self.bounds.whole {
                return Err(FetchError::AnswerTimedOut { status: None });
            }
            // One edge location that hangs holds no look at the others.
            let name = request.name_for(&url).or(url.host_str()).unwrap_or_default();
            let _permit = self.limits.acquire(name, self.bounds.wait).await?;
            let begun = Instant::now();
            let deadline = begun + self.bounds.whole.saturating_sub(took);
            let (answer, address) = self.ask(request, &url, &mut names, deadline).await?;
            let at = self.clock.now();
            took += begun.elapsed();
            if let Some(next) = self.redirect(request, &url, &answer, redirects.len())? {
                redirects.push(next);
                continue;
            }
            let (status, headers) = (answer.header.status(), answer.header.headers().clone());
            let body =
                read(answer, BodyReader::new(body_max, beginning_max, request.needles), deadline).await?;
            return Ok(Fetched {
                at,
                took,
                status,
                headers,
                sha256: (request.method != EdgeMethod::Head).then_some(body.sha256),
                length: body.length,
                cut: body.cut,
                found: body.found,
                beginning: body.beginning,
                redirects,
                address,
                final_url: url,
            });
        }
    }

    /// Connects, sends the request and waits for the header.
    async fn ask(
        &self,
        request: &EdgeRequest<'_>,
        url: &Url,
        names: &mut Names,
        deadline: Instant,
    ) -> Result<(Answer, SocketAddr), FetchError> {
        let mut message = request.to(url)?;
        if let Place::At(_) = self.resolver.place() {
            // It is asked in plain HTTP, and should answer as it answers viewers.
            let scheme = if url.scheme() == "https" { "https" } else { "http" };
            message.headers_mut().insert("x-forwarded-proto", HeaderValue::from_static(scheme));
            // It is asked for all names alike, so it is told which one would have been resolved.
            let name = request.name_for(url).and_then(|name| HeaderValue::from_str(name).ok());
            if let Some(name) = name {
                message.headers_mut().insert(RESOLVED_NAME, name);
            }
        }
        let connecting = deadline.min(Instant::now() + self.bounds.connect);
        let addresses = self.resolver.resolve(url, request.name_for(url), names, left(connecting)).await?;
        let connected = connect(&addresses, self.tls_for(url)?, connecting).await?;
        let address = connected.address;
        Ok((send(connected, message, &self.bounds, deadline).await?, address))
    }

    /// The name that the certificate has to be for. `None` where no TLS is spoken.
    fn tls_for(&self, url: &Url) -> Result<Option<(&ClientConfig, ServerName<'static>)>, FetchError> {
        if url.scheme() != "https" || matches!(self.resolver.place(), Place::At(_)) {
            return Ok(None);
        }
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let name = ServerName::try_from(host).map_err(|_| FetchError::UrlRefused(UrlProblem::Host))?;
        Ok(Some((&self.tls, name.to_owned())))
    }

    /// Where the answer leads on to, if it does.
    fn redirect(
        &self,
        request: &EdgeRequest<'_>,
        url: &Url,
        answer: &Answer,
        followed: usize,
    ) -> Result<Option<Url>, FetchError> {
        let status = answer.header.status();
        let is_redirect = matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308);
        let location = answer.header.headers().get(header::LOCATION);
        let is_followed = is_redirect && request.method != EdgeMethod::Options;
        let (Some(may_follow), Some(location)) = (request.may_follow, location.filter(|_| is_followed))
        else {
            return Ok(None);
        };
        let text =
            std::str::from_utf8(location.as_bytes()).map_err(|cause| FetchError::BadAnswer(cause.into()))?;
        let mut to = url.join(text).map_err(|cause| FetchError::BadAnswer(cause.into()))?;
        to.set_fragment(None);
        if followed >= self.bounds.redirects {
            return Err(FetchError::TooManyRedirects { max: self.bounds.redirects });
        }
        self.resolver.check(&to)?;
        if !may_follow(&to) {
            return Err(FetchError::RedirectRefused { status, to });
        }
        Ok(Some(to))
    }
}
