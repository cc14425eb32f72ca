//! Who asks: an API token, or somebody whom the pages know.

use std::fmt;

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{Extensions, HeaderMap, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{
    commands::{self, CommandError},
    domain::{
        access::Access,
        actor::{Acting, ActorKind, Origin},
        distributions::{distribution::Distribution, reference::find_named},
        id::{DistributionId, PersonId},
        invalidations::{idempotency::IdempotencyKey, run_url::parse_run_url},
        tokens::token::TokenSecret,
    },
    store::{Conn, access, distributions},
};

use super::{
    problem::{ApiError, Fault, ProblemType},
    refused, refused_tokens,
    state::Api,
};

/// The header that names the page of a pipeline's run.
pub const RUN_URL: &str = "unstale-run-url";
/// The header that makes a request harmless to send again.
pub const KEY: &str = "idempotency-key";

/// Whoever asks, and what they may do now.
#[derive(Clone)]
pub struct Caller {
    pub acting: Acting,
    pub access: Access,
    /// None for somebody with a session.
    token: Option<TokenSecret>,
    pub key: Option<IdempotencyKey>,
    /// What addresses for people begin with.
    pub base: String,
}

impl fmt::Debug for Caller {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Caller").field("actor", &self.acting.actor).finish_non_exhaustive()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts.extensions.get::<Self>().cloned().ok_or_else(no_token)
    }
}

/// Lets in who has a good token or a session; tells everybody else how to get in.
pub async fn require_caller(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let mut caller = match sign_in_by_proxy(&api, request.headers(), request.extensions()).await {
        Ok(caller) => caller,
        Err(error) => return error.into_response(),
    };
    let act = refused::act(request.method(), request.uri().path());
    let heard = if act.is_some() { caller.hear(request.headers()) } else { Ok(()) };
    let answer = match heard {
        Ok(()) => {
            request.extensions_mut().insert(caller.clone());
            next.run(request).await
        }
        Err(error) => error.into_response(),
    };
    match act {
        Some(what) => refused::keep(&api, &caller, what, answer).await,
        None => answer,
    }
}

async fn sign_in_by_proxy(
    api: &Api,
    headers: &HeaderMap,
    extensions: &Extensions,
) -> Result<Caller, ApiError> {
    let base = extensions.get::<Origin>().map(|origin| origin.base_url.clone()).unwrap_or_default();
    Ok(if headers.contains_key(header::AUTHORIZATION) {
        let origin = extensions.get::<Origin>().cloned().unwrap_or_default();
        let secret = bearer(headers).ok_or_else(no_token)?;
        let Some((_, acting, access)) =
            commands::authenticate_token(&api.context, origin.clone(), &secret).await?
        else {
            refused_tokens::tell(api, &origin, &secret).await;
            return Err(no_token());
        };
        Caller { acting, access, token: Some(secret), key: None, base }
    } else {
        // The pages looked for a session before; who has none brings nothing.
        let known = extensions.get::<Acting>().zip(extensions.get::<Access>());
        let (acting, access) = known.ok_or_else(no_token)?;
        Caller { acting: acting.clone(), access: access.clone(), token: None, key: None, base }
    })
}

fn bearer(headers: &HeaderMap) -> Option<TokenSecret> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, secret) = text.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| TokenSecret::parse(secret.trim())).flatten()
}

fn no_token() -> ApiError {
    let detail = "Send an API token as Authorization: Bearer unstale_…. One that was revoked or is over lets nobody in; administrators make new ones under Settings, API tokens.";
    ApiError::new(ProblemType::NoToken, detail)
}

fn text_of<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, ApiError> {
    let text = headers.get(name).map(|value| value.to_str());
    text.transpose().map_err(|_| ApiError::invalid(vec![Fault::new(name, "has to be ASCII.")]))
}

fn read_key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, ApiError> {
    let key = text_of(headers, KEY)?.map(IdempotencyKey::parse).transpose();
    key.map_err(|error| ApiError::invalid(vec![Fault::new(KEY, format!("is not good: {error}."))]))
}

/// What the events of this request say of it.
fn via(headers: &HeaderMap, key: Option<&IdempotencyKey>) -> Result<String, ApiError> {
    let run = text_of(headers, RUN_URL)?.map(parse_run_url).transpose();
    let run =
        run.map_err(|error| ApiError::invalid(vec![Fault::new(RUN_URL, format!("is not good: {error}."))]))?;
    let run = run.map(|url| format!("run {url}"));
    let key = key.map(|key| format!("idempotency key {}", key.as_str()));
    Ok(run.into_iter().chain(key).collect::<Vec<_>>().join("; "))
}

impl Caller {
    /// Reads what the headers of an act say of it.
    fn hear(&mut self, headers: &HeaderMap) -> Result<(), ApiError> {
        self.key = read_key(headers)?;
        self.acting.origin.via = via(headers, self.key.as_ref())?;
        Ok(())
    }

    /// What they may do at this moment; none where nothing lets them in any more.
    pub async fn access_now(&self, api: &Api) -> Result<Option<Access>, CommandError> {
        if let Some(secret) = &self.token {
            let found =
                commands::authenticate_token(&api.context, self.acting.origin.clone(), secret).await?;
            return Ok(found.map(|(_, _, access)| access));
        }
        if self.acting.actor.kind != ActorKind::Person {
            return Ok(None);
        }
        let id = PersonId::from_trusted(self.acting.actor.id.as_str());
        Ok(access::of_person(&mut *api.context.db.read().await?, &id).await?)
    }

    /// The distribution of this name that they may see. The error says what was looked for; one that is hidden is as if
    /// it were not there, but the history knows better.
    pub async fn distribution(&self, conn: &mut Conn, named: &str) -> Result<Distribution, ApiError> {
        let sees = |id: &DistributionId| self.access.sees(id);
        if let Some(id) = DistributionId::parse(named)
            && let Some(found) = distributions::find(conn, &id).await?.filter(|found| sees(&found.id))
        {
            return Ok(found);
        }
        let all = distributions::list(conn).await?;
        let error = match find_named(named, &all, sees) {
            Ok(distribution) => return Ok(distribution.clone()),
            Err(error) => ApiError::no_distribution(&error),
        };
        let hidden = find_named(named, &all, |_| true).ok().filter(|distribution| !sees(&distribution.id));
        Err(match hidden {
            Some(distribution) => {
                error.about(Some(distribution.id.clone())).because("the distribution is outside the grants")
            }
            None => error,
        })
    }

    /// Refuses what a viewer may not do.
    pub fn require_operator(&self, named: &str) -> Result<(), ApiError> {
        if self.access.role.may_invalidate() {
            return Ok(());
        }
        let why = "a viewer may look and not act".to_owned();
        Err(ApiError::not_allowed(why).about(DistributionId::parse(named)))
    }

    /// The same caller with what they may do now; an error where nothing lets them in any more.
    pub async fn renewed(&self, api: &Api) -> Result<Self, ApiError> {
        let access = self.access_now(api).await?.ok_or_else(no_token)?;
        Ok(Self { access, ..self.clone() })
    }
}
