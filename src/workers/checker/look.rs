//! Makes one look at one URL.

use std::time::Instant;

use hyper::header::{HeaderName, HeaderValue};
use url::Url;

use crate::{
    clock::Clock,
    domain::{
        checks::{Answer, BodyDigest, CheckSettings, Look, LookFailure, body_hint, settings::serves},
        distributions::distribution::Distribution,
    },
    edge::{EdgeClient, EdgeMethod, EdgeRequest, FetchError, Fetched},
};

/// What every look at a distribution shares.
pub(super) struct Looker<'a> {
    pub edge: &'a EdgeClient,
    pub clock: &'a Clock,
    pub distribution: &'a Distribution,
    pub settings: &'a CheckSettings,
    /// No look begins later, so that the lease of the run outlasts its looks.
    pub deadline: Instant,
}

impl Looker<'_> {
    /// Looks at a URL by GET. A redirect is not followed: its target is another object, with an age of its own.
    pub async fn look(&self, url: &str) -> Look {
        let begun = Instant::now();
        let fetched = self.fetch(url).await;
        match fetched {
            Ok(fetched) => {
                Look { at: fetched.at, duration: fetched.took, outcome: Ok(answer(&fetched, self.settings)) }
            }
            Err(failure) => Look { at: self.clock.now(), duration: begun.elapsed(), outcome: Err(failure) },
        }
    }

    async fn fetch(&self, url: &str) -> Result<Fetched, LookFailure> {
        let url = Url::parse(url).map_err(|_| LookFailure::ProtocolError)?;
        // The distribution may have lost the host since the URL was picked.
        if !url.host_str().is_some_and(|host| serves(self.distribution, host)) {
            return Err(LookFailure::NotLooked);
        }
        let request = EdgeRequest {
            method: EdgeMethod::Get,
            url: &url,
            headers: &headers(self.settings),
            needles: &needles(self.settings),
            may_follow: None,
        };
        self.edge.get(&request).await.map_err(|error| failure(&error))
    }
}

fn headers(settings: &CheckSettings) -> Vec<(HeaderName, HeaderValue)> {
    let parsed = settings.headers.iter().map(|(name, value)| Some((name.parse().ok()?, value.parse().ok()?)));
    parsed.flatten().collect()
}

/// The texts to look for: those of [`answer`], in its order.
fn needles(settings: &CheckSettings) -> Vec<String> {
    [&settings.must_contain, &settings.must_not_contain].into_iter().flatten().cloned().collect()
}

fn answer(fetched: &Fetched, settings: &CheckSettings) -> Answer {
    let headers = fetched.headers.iter();
    let headers = headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let whole = !fetched.cut;
    let body = fetched.sha256.map(|sha256| BodyDigest { sha256, hashed: fetched.length, whole });
    let mut answer = Answer::read(fetched.status.as_u16(), headers, body);
    if answer.is_error() {
        answer.body_hint = body_hint(&fetched.beginning);
    }
    // In a body that was cut or compressed, a text that was not found may still be there.
    let is_readable = whole && !fetched.is_encoded();
    let mut found = fetched.found.iter().copied().map(|found| (found || is_readable).then_some(found));
    answer.required_text_found = settings.must_contain.as_ref().and_then(|_| found.next().flatten());
    answer.forbidden_text_found = settings.must_not_contain.as_ref().and_then(|_| found.next().flatten());
    answer
}

fn failure(error: &FetchError) -> LookFailure {
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
