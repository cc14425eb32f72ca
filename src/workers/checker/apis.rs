//! Looks at the API behind the site as a page of the site asks it.
//!
//! An API's host is asked only here and only at the URL that is set. Its headers go to that URL: no redirect is followed.

use std::time::Instant;

use hyper::{
    HeaderMap,
    header::{self, HeaderName, HeaderValue},
};
use url::Url;

use crate::{
    domain::{
        checks::{
            Answer, ApiCheck, ApiMethod, BodyHint, CheckKind, CorsAnswer, CorsLook, Look, LookFailure,
            LookHeaders, UrlCheck, api_step, body_hint, error_type_hint, judge_api, preflight_headers,
        },
        secrets_key::SecretsKey,
    },
    edge::{EdgeMethod, EdgeRequest, Fetched},
};

use super::{
    Shared,
    configuration::configuration,
    look::{BEGINNING, Looker, header_texts},
    pairs::in_pairs,
    run::{Facts, evidence},
    secrets::open,
};

type Headers = Vec<(HeaderName, HeaderValue)>;

impl Shared {
    /// Looks at these APIs, and judges them.
    pub async fn look_at_apis(&self, looker: &Looker<'_>, apis: &mut [UrlCheck], facts: &Facts<'_>) {
        let page = page_origin(looker);
        let looks = in_pairs(apis, looker.deadline, |check, may_look| {
            let page = page.as_deref();
            async move {
                let api = if may_look { set_api(looker, check) } else { None };
                let Some((api, page)) = api.zip(page) else {
                    return (Look::not_made(self.context.clock.now()), false);
                };
                self.look_at_api(looker, api, page).await
            }
        })
        .await;
        for (check, look) in apis.iter_mut().zip(looks) {
            judge_one(check, look, looker, facts);
        }
    }

    /// Makes one look, and returns whether the API hung.
    async fn look_at_api(&self, looker: &Looker<'_>, api: &ApiCheck, page: &str) -> (Look, bool) {
        if !self.budget.take(self.context.clock.now()) {
            return (Look::not_made(self.context.clock.now()), false);
        }
        let request = ApiRequest { looker, api, page, key: self.secrets_key.as_deref() };
        let mut look = request.look().await;
        let mut hung = look.hung();
        if request.is_preflight_due(&look) && self.budget.take(self.context.clock.now()) {
            let preflight = request.preflight().await;
            hung = preflight.is_none();
            if let Ok(Answer { cors: Some(cors), .. }) = &mut look.outcome {
                cors.preflight = preflight;
            }
        }
        (look, hung)
    }
}

/// The origin of the pages that call the API: the one that is set, or else the site's own.
fn page_origin(looker: &Looker<'_>) -> Option<String> {
    let settings = looker.urls.settings;
    let own = || settings.primary_host(looker.distribution).map(|host| format!("https://{host}"));
    settings.cors_origin.clone().or_else(own)
}

/// What is set for the API of a run. `None` if it was taken out of the settings since.
fn set_api<'a>(looker: &Looker<'a>, check: &UrlCheck) -> Option<&'a ApiCheck> {
    looker.urls.settings.apis.iter().find(|api| check.kind == CheckKind::Api && api.url == check.url)
}

/// One look at an API as the page of this origin asks.
struct ApiRequest<'a> {
    looker: &'a Looker<'a>,
    api: &'a ApiCheck,
    page: &'a str,
    key: Option<&'a SecretsKey>,
}

impl ApiRequest<'_> {
    /// The request that the page makes, or the preflight where only that is wanted.
    async fn look(&self) -> Look {
        let begun = Instant::now();
        let failed = |failure| self.looker.urls.failed(begun, failure);
        let Ok(url) = Url::parse(&self.api.url) else { return failed(LookFailure::ProtocolError) };
        let headers = match self.api.method {
            ApiMethod::Get | ApiMethod::Head => self.headers(&url),
            ApiMethod::Options => Some(self.preflight_headers()),
        };
        let Some(headers) = headers else { return failed(LookFailure::SecretNotRead) };
        match self.ask(&url, &headers, self.api.method).await {
            Ok(fetched) => {
                Look { at: fetched.at, duration: fetched.took, outcome: Ok(self.answer(&fetched)) }
            }
            Err(failure) => failed(failure),
        }
    }

    /// The preflight that a browser makes before the request. `None` if it got no answer.
    async fn preflight(&self) -> Option<CorsAnswer> {
        let url = Url::parse(&self.api.url).ok()?;
        let fetched = self.ask(&url, &self.preflight_headers(), ApiMethod::Options).await.ok()?;
        Some(cors_answer(&fetched))
    }

    /// Whether a browser would have asked before it made this request. Of an error it shows no more.
    fn is_preflight_due(&self, look: &Look) -> bool {
        let is_good = look.answer().is_some_and(|answer| !answer.is_error() && !answer.is_redirect());
        let is_asked = !preflight_headers(&self.api.headers).is_empty();
        self.api.method != ApiMethod::Options && is_good && is_asked && Instant::now() < self.looker.deadline
    }

    async fn ask(&self, url: &Url, headers: &Headers, method: ApiMethod) -> Result<Fetched, LookFailure> {
        let method = match method {
            ApiMethod::Get => EdgeMethod::Get,
            ApiMethod::Head => EdgeMethod::Head,
            ApiMethod::Options => EdgeMethod::Options,
        };
        let request =
            EdgeRequest { method, url, headers, needles: &[], resolved_name: None, may_follow: None };
        self.looker.urls.ask(&request, BEGINNING).await
    }

    /// The headers that are set, with the page's origin. `None` if a secret cannot be decrypted.
    fn headers(&self, url: &Url) -> Option<Headers> {
        let origin = url.origin().ascii_serialization();
        let secret = open(&self.api.headers.secret, &self.looker.distribution.id, &origin, self.key)?;
        let plain = self.api.headers.plain.iter();
        let plain = plain.filter_map(|(name, value)| Some((name.parse().ok()?, value.parse().ok()?)));
        let page = self.page.parse().ok().map(|page| (header::ORIGIN, page));
        Some(plain.chain(secret).chain(page).collect())
    }

    /// A preflight has none of the headers that are set: it asks whether the page may send them.
    fn preflight_headers(&self) -> Headers {
        let method = match self.api.method {
            ApiMethod::Head => "HEAD",
            ApiMethod::Get | ApiMethod::Options => "GET",
        };
        let names = preflight_headers(&self.api.headers).join(",");
        let all = [
            (header::ORIGIN, self.page),
            (header::ACCESS_CONTROL_REQUEST_METHOD, method),
            (header::ACCESS_CONTROL_REQUEST_HEADERS, &names),
        ];
        let given = all.into_iter().filter(|(_, value)| !value.is_empty());
        given.filter_map(|(name, value)| Some((name, value.parse().ok()?))).collect()
    }

    /// What is kept of the answer: nothing of its body, which may be about people.
    fn answer(&self, fetched: &Fetched) -> Answer {
        let mut answer = Answer::read(fetched.status.as_u16(), header_texts(fetched), None);
        if answer.is_error() {
            answer.body_hint = hint(fetched);
        }
        let own = Some(cors_answer(fetched));
        let (get, preflight) = match self.api.method {
            ApiMethod::Get | ApiMethod::Head => (own, None),
            ApiMethod::Options => (None, own),
        };
        let asked_headers = preflight_headers(&self.api.headers);
        answer.cors = Some(CorsLook { origin: self.page.to_owned(), get, preflight, asked_headers });
        answer
    }
}

fn cors_answer(fetched: &Fetched) -> CorsAnswer {
    CorsAnswer::read(fetched.status.as_u16(), header_texts(fetched), hint(fetched))
}

/// What the body is known for, or else the type of the error: an answer to HEAD has no body.
fn hint(fetched: &Fetched) -> BodyHint {
    let error_type = |headers: &HeaderMap| {
        let value = headers.get("x-amzn-errortype").and_then(|value| value.to_str().ok());
        value.map(error_type_hint).unwrap_or_default()
    };
    match body_hint(&fetched.beginning) {
        BodyHint::None => error_type(&fetched.headers),
        hint => hint,
    }
}

fn judge_one(check: &mut UrlCheck, look: Look, looker: &Looker<'_>, facts: &Facts<'_>) {
    let own = configuration(facts.distribution, &check.url);
    let gone = ApiCheck { url: check.url.clone(), method: ApiMethod::Get, headers: LookHeaders::default() };
    let api = set_api(looker, check).unwrap_or(&gone);
    let evidence = evidence(check, None, &look, &own, facts);
    let judgement = judge_api(&evidence, api.method);
    let step = judgement.cause.map(|cause| api_step(cause, &evidence, api)).unwrap_or_default();
    (check.judgement, check.step) = (Some(judgement), step);
    check.after = Some(look);
}
