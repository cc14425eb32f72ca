//! Makes one look at one URL.

use std::time::Instant;

use hyper::{
    body::Bytes,
    header::{self, HeaderName, HeaderValue},
};
use url::Url;

use crate::{
    clock::Clock,
    domain::{
        checks::{
            Answer, BodyDigest, CheckSettings, CorsAnswer, Look, LookFailure, PageSource, Reference,
            ReferenceOutcome, body_hint, is_file_of_page, page_references, settings::serves,
        },
        distributions::distribution::Distribution,
    },
    edge::{EdgeClient, EdgeMethod, EdgeRequest, FetchError, Fetched},
};

use super::secrets::{OpenedHeaders, site_headers};

/// Looks at URLs, for the server and for a probe at another place.
#[derive(Debug)]
pub struct UrlLooker<'a> {
    pub edge: &'a EdgeClient,
    pub clock: &'a Clock,
    /// The headers that are sent, and the texts that are looked for.
    pub settings: &'a CheckSettings,
    /// The secret headers of the settings. `None` if one cannot be decrypted: then no look is made.
    secret_headers: Option<OpenedHeaders>,
}

impl<'a> UrlLooker<'a> {
    /// Looks that send no secret headers.
    #[must_use]
    pub const fn without_secrets(
        edge: &'a EdgeClient,
        clock: &'a Clock,
        settings: &'a CheckSettings,
    ) -> Self {
        Self { edge, clock, settings, secret_headers: Some(Vec::new()) }
    }

    /// Looks that also send these. `None` if they cannot be decrypted.
    #[must_use]
    pub(super) fn with_secrets(self, secret_headers: Option<OpenedHeaders>) -> Self {
        Self { secret_headers, ..self }
    }

    /// The headers that people set, for this URL. `None` if one cannot be decrypted.
    pub(super) fn headers(&self, url: &Url) -> Option<Vec<(HeaderName, HeaderValue)>> {
        site_headers(self.settings, self.secret_headers.as_ref(), url)
    }

    /// Looks at a URL by GET. A redirect is not followed: its target is another object, with an age of its own.
    pub async fn look(&self, url: &str) -> Look {
        match Url::parse(url) {
            Ok(url) => self.look_and_keep(&url, None).await.0,
            Err(_) => self.failed(Instant::now(), LookFailure::ProtocolError),
        }
    }

    /// Looks at a URL at the addresses of another name than its host, such as that of an edge location.
    pub(super) async fn look_at_name(&self, url: &Url, name: &str) -> Look {
        self.look_and_keep(url, Some(name)).await.0
    }

    /// The look, and what came. `None` if nothing came.
    async fn look_and_keep(&self, url: &Url, resolved_name: Option<&str>) -> (Look, Option<Fetched>) {
        let begun = Instant::now();
        let needles = needles(self.settings);
        let Some(headers) = self.headers(url) else {
            return (self.failed(begun, LookFailure::SecretNotRead), None);
        };
        let request = EdgeRequest { resolved_name, ..get(url, &headers, &needles) };
        match self.ask(&request, u64::MAX).await {
            Ok(fetched) => {
                let outcome = Ok(answer(&fetched, self.settings));
                (Look { at: fetched.at, duration: fetched.took, outcome }, Some(fetched))
            }
            Err(failure) => (self.failed(begun, failure), None),
        }
    }

    pub(super) async fn ask(&self, request: &EdgeRequest<'_>, bytes: u64) -> Result<Fetched, LookFailure> {
        self.edge.get_up_to(request, bytes).await.map_err(|error| failure(&error))
    }

    pub(super) fn failed(&self, begun: Instant, failure: LookFailure) -> Look {
        Look { at: self.clock.now(), duration: begun.elapsed(), outcome: Err(failure) }
    }
}

/// What every look at a distribution shares.
pub(super) struct Looker<'a> {
    pub urls: UrlLooker<'a>,
    pub distribution: &'a Distribution,
    /// No look begins later, so that the lease of the run outlasts its looks.
    pub deadline: Instant,
}

/// The bytes that are read of a body whose content does not matter: enough to tell a page from a file, and a known
/// error from others.
pub(super) const BEGINNING: u64 = 4 * 1024;

/// What browsers accept of what CloudFront compresses.
pub(in crate::workers) const BROWSER_ENCODINGS: HeaderValue = HeaderValue::from_static("gzip, br");

/// What an answer says about where to go on.
pub(super) enum Redirect {
    To {
        location: String,
        sets_cookie: bool,
    },
    /// It is no redirect, or there is no answer.
    None,
    /// There was no answer in time.
    Hung,
}

/// A look, and what the page names if it is one.
pub(super) struct Seen {
    pub look: Look,
    pub page: Option<Page>,
}

/// A page that refers to files of its site, or to mixed content.
pub(super) struct Page {
    pub url: Url,
    pub references: Vec<Reference>,
}

impl Looker<'_> {
    /// Looks at a URL as [`UrlLooker::look`] does.
    pub async fn look(&self, url: &str) -> Seen {
        let Ok(url) = Url::parse(url) else {
            let look = self.urls.failed(Instant::now(), LookFailure::ProtocolError);
            return Seen { look, page: None };
        };
        if !self.may_ask(&url) {
            return Seen { look: Look::not_made(self.urls.clock.now()), page: None };
        }
        let (look, fetched) = self.urls.look_and_keep(&url, None).await;
        let page = fetched.zip(look.answer()).and_then(|(fetched, answer)| self.page(&fetched, answer));
        Seen { look, page }
    }

    /// Looks at a file that a page names, as a browser asks for it. Only the beginning of its body is read.
    pub async fn look_at_reference(&self, reference: &Reference, page: &Url) -> (Look, ReferenceOutcome) {
        let begun = Instant::now();
        let headers = self.reference_headers(&reference.url, page).unwrap_or_default();
        let (look, beginning) = match self.ask(&get(&reference.url, &headers, &[])).await {
            Ok(fetched) => {
                let outcome = Ok(answer(&fetched, self.urls.settings));
                (Look { at: fetched.at, duration: fetched.took, outcome }, fetched.beginning)
            }
            Err(failure) => (self.urls.failed(begun, failure), Bytes::new()),
        };
        let outcome = ReferenceOutcome::of(reference, &look, &beginning);
        (look, outcome)
    }

    /// Asks for a URL as a page of another origin does. `None` if there is no answer: then nothing is known.
    pub async fn look_from(&self, url: &str, origin: &str, is_preflight: bool) -> Option<CorsAnswer> {
        let url = Url::parse(url).ok()?;
        let method = if is_preflight { EdgeMethod::Options } else { EdgeMethod::Get };
        let headers = self.cors_headers(&url, origin, is_preflight)?;
        let fetched = self.ask(&EdgeRequest { method, ..get(&url, &headers, &[]) }).await.ok()?;
        let hint = body_hint(&fetched.beginning);
        Some(CorsAnswer::read(fetched.status.as_u16(), header_texts(&fetched), hint))
    }

    /// Looks at a URL as a browser that accepts compressed answers does. Returns the encoding of the answer too.
    pub async fn look_at_compressed(&self, url: &str) -> (Look, Option<String>) {
        let begun = Instant::now();
        let failed = |failure| (self.urls.failed(begun, failure), None);
        let Ok(url) = Url::parse(url) else { return failed(LookFailure::ProtocolError) };
        let Some(mut headers) = self.urls.headers(&url) else { return failed(LookFailure::SecretNotRead) };
        headers.push((header::ACCEPT_ENCODING, BROWSER_ENCODINGS));
        match self.ask(&get(&url, &headers, &[])).await {
            Ok(fetched) => {
                let encoding = fetched.headers.get(header::CONTENT_ENCODING);
                let encoding = encoding.and_then(|encoding| encoding.to_str().ok()).map(str::to_owned);
                let outcome = Ok(answer(&fetched, self.urls.settings));
                (Look { at: fetched.at, duration: fetched.took, outcome }, encoding)
            }
            Err(failure) => failed(failure),
        }
    }

    /// Where a URL redirects to.
    pub async fn redirect_of(&self, url: &Url) -> Redirect {
        let Some(headers) = self.urls.headers(url) else { return Redirect::None };
        let fetched = match self.ask(&get(url, &headers, &[])).await {
            Ok(fetched) => fetched,
            Err(LookFailure::ConnectTimeout | LookFailure::AnswerTimeout) => return Redirect::Hung,
            Err(_) => return Redirect::None,
        };
        let answer = answer(&fetched, self.urls.settings);
        let sets_cookie = fetched.headers.contains_key(header::SET_COOKIE);
        match answer.location.as_ref().filter(|_| answer.is_redirect()) {
            Some(location) => Redirect::To { location: location.clone(), sets_cookie },
            None => Redirect::None,
        }
    }

    /// What the origin answers to a request past CloudFront. The headers that people set are for the site's hosts alone.
    /// `None` if there is no answer.
    pub async fn look_at_origin(&self, url: &Url) -> Option<Answer> {
        let fetched = self.urls.ask(&get(url, &[], &[]), u64::MAX).await.ok()?;
        Some(answer(&fetched, self.urls.settings))
    }

    /// Reads the beginning of an answer.
    async fn ask(&self, request: &EdgeRequest<'_>) -> Result<Fetched, LookFailure> {
        if !self.may_ask(request.url) {
            return Err(LookFailure::NotLooked);
        }
        if self.urls.secret_headers.is_none() {
            return Err(LookFailure::SecretNotRead);
        }
        self.urls.ask(request, BEGINNING).await
    }

    /// The headers that people set are for the page's host alone, as on a redirect. `Referer` is what browsers send by
    /// default (Referrer Policy, `strict-origin-when-cross-origin`): some sites refuse images without it. `None` if a
    /// secret cannot be decrypted.
    pub(super) fn reference_headers(&self, url: &Url, page: &Url) -> Option<Vec<(HeaderName, HeaderValue)>> {
        let is_same = url.origin() == page.origin();
        let mut headers = if is_same { self.urls.headers(url)? } else { Vec::new() };
        let from = if is_same {
            page.as_str().to_owned()
        } else {
            format!("{}/", page.origin().ascii_serialization())
        };
        if let Ok(value) = HeaderValue::from_str(&from)
            && headers.iter().all(|(name, _)| *name != header::REFERER)
        {
            headers.push((header::REFERER, value));
        }
        Some(headers)
    }

    /// The headers of a request of another origin. A preflight has none that people set: browsers send it without
    /// them. `None` if the origin cannot stand in a header, or a secret cannot be decrypted.
    fn cors_headers(
        &self,
        url: &Url,
        origin: &str,
        is_preflight: bool,
    ) -> Option<Vec<(HeaderName, HeaderValue)>> {
        let mut all = if is_preflight { Vec::new() } else { self.urls.headers(url)? };
        all.retain(|(name, _)| *name != header::ORIGIN);
        all.push((header::ORIGIN, origin.parse().ok()?));
        if is_preflight {
            all.push((header::ACCESS_CONTROL_REQUEST_METHOD, HeaderValue::from_static("GET")));
        }
        Some(all)
    }

    /// The distribution may have lost the host since the URL was picked.
    pub(super) fn may_ask(&self, url: &Url) -> bool {
        url.host_str().is_some_and(|host| serves(self.distribution, host))
    }

    fn page(&self, fetched: &Fetched, answer: &Answer) -> Option<Page> {
        let references = self.named(fetched, answer, page_references)?;
        (!references.is_empty()).then(|| Page { url: fetched.final_url.clone(), references })
    }

    /// What `read` finds in a page. `None` if the answer is no page that can be read.
    pub fn named(
        &self,
        fetched: &Fetched,
        answer: &Answer,
        read: fn(&PageSource<'_>) -> Vec<Reference>,
    ) -> Option<Vec<Reference>> {
        if !(200..300).contains(&answer.status) || !answer.is_html || fetched.is_encoded() {
            return None;
        }
        let policies = fetched.headers.get_all(header::CONTENT_SECURITY_POLICY).iter();
        let policies: Vec<&str> = policies.filter_map(|policy| policy.to_str().ok()).collect();
        Some(read(&PageSource {
            url: &fetched.final_url,
            beginning: &fetched.beginning,
            policies: &policies,
            is_own_host: &|host| serves(self.distribution, host),
        }))
    }
}

/// A GET that follows no redirect.
pub(super) const fn get<'a>(
    url: &'a Url,
    headers: &'a [(HeaderName, HeaderValue)],
    needles: &'a [String],
) -> EdgeRequest<'a> {
    EdgeRequest { method: EdgeMethod::Get, url, headers, needles, resolved_name: None, may_follow: None }
}

/// The headers of an answer whose values are text.
pub(super) fn header_texts(fetched: &Fetched) -> impl Iterator<Item = (&str, &str)> {
    fetched.headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
}

/// The texts to look for: those of [`answer`], in its order.
fn needles(settings: &CheckSettings) -> Vec<String> {
    [&settings.must_contain, &settings.must_not_contain].into_iter().flatten().cloned().collect()
}

pub(super) fn answer(fetched: &Fetched, settings: &CheckSettings) -> Answer {
    let whole = !fetched.cut;
    let body = fetched.sha256.map(|sha256| BodyDigest { sha256, hashed: fetched.length, whole });
    let mut answer = Answer::read(fetched.status.as_u16(), header_texts(fetched), body);
    if answer.is_error() {
        answer.body_hint = body_hint(&fetched.beginning);
    }
    // In a body that was cut or compressed, a text that was not found may still be there.
    let is_readable = whole && !fetched.is_encoded();
    let content_type = fetched.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let is_page = !content_type.is_some_and(is_file_of_page);
    let mut needles = fetched.found.iter().copied();
    let mut found = |is_known| needles.next().and_then(|found| (found || is_known).then_some(found));
    answer.required_text_found = settings.must_contain.as_ref().and_then(|_| found(is_readable && is_page));
    answer.forbidden_text_found = settings.must_not_contain.as_ref().and_then(|_| found(is_readable));
    answer
}

/// What an error of the client means for a look.
pub const fn failure(error: &FetchError) -> LookFailure {
    match error {
        FetchError::UrlRefused(_) | FetchError::AddressRefused { .. } => LookFailure::AddressRefused,
        FetchError::HeaderRefused(_) | FetchError::Busy => LookFailure::NotLooked,
        FetchError::NotResolved { .. } => LookFailure::NameNotResolved,
        FetchError::ConnectionRefused(_) | FetchError::NotConnected(_) => LookFailure::ConnectionRefused,
        FetchError::ConnectTimedOut => LookFailure::ConnectTimeout,
        FetchError::AnswerTimedOut { .. } => LookFailure::AnswerTimeout,
        FetchError::ConnectionReset(_) | FetchError::ClosedEarly(_) | FetchError::BadAnswer(_) => {
            LookFailure::ProtocolError
        }
        FetchError::TlsName(_) => LookFailure::CertificateWrongName,
        FetchError::TlsClientCertificate(_) => LookFailure::ClientCertificateRequired,
        FetchError::Tls(_) => LookFailure::TlsFailed,
        FetchError::RedirectRefused { .. } => LookFailure::RedirectNotFollowed,
        FetchError::TooManyRedirects { .. } => LookFailure::TooManyRedirects,
    }
}
