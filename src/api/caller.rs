//! Authenticates the callers of the API, and reads their headers.

use axum::{
    extract::{FromRequestParts, Path, Request, State, rejection::PathRejection},
    http::{Extensions, HeaderMap, Uri, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{
    domain::{
        access::Role,
        actor::Via,
        distributions::{distribution::Distribution, reference::find_named},
        id::DistributionId,
        invalidations::{idempotency::IdempotencyKey, run_url::parse_run_url},
        tokens::token::TokenSecret,
    },
    http::{
        caller::Caller,
        problem::{Fault, ProblemType},
        request_origin::RequestOrigin,
    },
    store::{Conn, distributions},
};

use super::{error::ApiError, refused, refused_tokens, state::Api};

/// The header with the URL of a pipeline's run.
pub const RUN_URL: &str = "unstale-run-url";
/// The header that makes it safe to send a request again.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Self::of(&parts.extensions).ok_or_else(no_token)
    }
}

/// Requires a valid token or a session. Other callers get 401 and are told how to authenticate.
pub async fn require_caller(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let mut caller = match who_asks(&api, request.headers(), request.extensions(), request.uri()).await {
        Ok(caller) => caller,
        Err(answer) => return answer,
    };
    let act = refused::act(request.method(), request.uri().path());
    let heard = if act.is_some() { hear(&mut caller, request.headers()) } else { Ok(()) };
    let answer = match heard {
        Ok(()) => {
            caller.clone().set(&mut request);
            next.run(request).await
        }
        Err(error) => error.into_response(),
    };
    match act {
        Some(what) => refused::keep(&api, &caller, what, answer).await,
        None => answer,
    }
}

/// Authenticates the caller. A request with an `Authorization` header is authenticated by it alone, even if it also
/// has a session. The error is the response.
async fn who_asks(
    api: &Api,
    headers: &HeaderMap,
    extensions: &Extensions,
    address: &Uri,
) -> Result<Caller, Response> {
    if !headers.contains_key(header::AUTHORIZATION) {
        let found = Caller::by_session(&api.app, headers, extensions, address).await;
        let found = found.map_err(IntoResponse::into_response)?;
        return found.ok_or_else(|| no_token().into_response());
    }
    let origin = RequestOrigin::of(extensions);
    let secret = bearer(headers).and_then(TokenSecret::parse).ok_or_else(|| no_token().into_response())?;
    match Caller::by_token(&api.app, origin.clone(), secret.clone()).await {
        Ok(Some(caller)) => Ok(caller),
        Ok(None) => {
            refused_tokens::tell(api, &origin, &secret).await;
            Err(no_token().into_response())
        }
        Err(error) => Err(ApiError::from(error).into_response()),
    }
}

/// What stands behind `Bearer` in `Authorization`.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, secret) = text.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
}

fn no_token() -> ApiError {
    let detail = "Send an API token as Authorization: Bearer unstale_…. Revoked and expired tokens are refused; administrators create new ones under Settings › Tokens.";
    ApiError::new(ProblemType::NoToken, detail)
}

fn text_of<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, ApiError> {
    let text = headers.get(name).map(|value| value.to_str());
    text.transpose().map_err(|_| ApiError::invalid(vec![Fault::new(name, "has to be ASCII.")]))
}

/// The idempotency key of a request. `None` if it has none.
#[derive(Debug)]
pub struct Key(pub Option<IdempotencyKey>);

impl<S: Send + Sync> FromRequestParts<S> for Key {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        read_key(&parts.headers).map(Self)
    }
}

/// Reads the idempotency key. `Ok(None)` if there is none.
fn read_key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, ApiError> {
    let key = text_of(headers, IDEMPOTENCY_KEY)?.map(IdempotencyKey::parse).transpose();
    key.map_err(|error| {
        ApiError::invalid(vec![Fault::new(IDEMPOTENCY_KEY, format!("is not valid: {error}."))])
    })
}

/// What the events of this request record about its run and its key.
fn via(headers: &HeaderMap, key: Option<&IdempotencyKey>) -> Result<Via, ApiError> {
    let run = text_of(headers, RUN_URL)?.map(parse_run_url).transpose();
    let run =
        run.map_err(|error| ApiError::invalid(vec![Fault::new(RUN_URL, format!("is not valid: {error}."))]))?;
    let idempotency_key = key.map(|key| key.as_str().to_owned()).unwrap_or_default();
    Ok(Via { run_url: run.unwrap_or_default(), idempotency_key })
}

/// Reads the headers of a request that acts, and stores them for its events.
fn hear(caller: &mut Caller, headers: &HeaderMap) -> Result<(), ApiError> {
    let key = read_key(headers)?;
    caller.acting.origin.via = via(headers, key.as_ref())?;
    Ok(())
}

/// The part of a path that names a distribution.
pub type NamedPath = Result<Path<String>, PathRejection>;

/// The name in a path. What cannot be read names nothing.
pub fn name_in(path: NamedPath) -> Result<String, ApiError> {
    path.map(|Path(name)| name).map_err(|_| ApiError::not_found("distribution"))
}

impl Caller {
    /// The distribution of this name, if the caller may see it. The error says what was looked for. A hidden
    /// distribution gets the same error as one that does not exist, but the history records that it was hidden.
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

    /// The distribution that the path of a request names, as [`Caller::distribution`] finds it.
    pub async fn distribution_at(&self, api: &Api, path: NamedPath) -> Result<Distribution, ApiError> {
        self.distribution(&mut *api.context.db.read().await?, &name_in(path)?).await
    }

    /// Returns an error for a viewer.
    pub fn require_operator(&self, named: &str) -> Result<(), ApiError> {
        if self.access.role.may_invalidate() {
            return Ok(());
        }
        let why = "a viewer has read-only access".to_owned();
        Err(ApiError::not_allowed(why).about(DistributionId::parse(named)))
    }

    /// Returns an error for everybody but an administrator.
    pub fn require_admin(&self) -> Result<(), ApiError> {
        if self.access.role == Role::Admin {
            return Ok(());
        }
        Err(ApiError::not_allowed("only an administrator may".to_owned()))
    }

    /// The same caller with its current access. `Err` if the token or the session is not valid any more.
    pub async fn renewed(&self, api: &Api) -> Result<Self, ApiError> {
        let access = self.access_now(&api.app).await?.ok_or_else(no_token)?;
        let mut renewed = self.clone();
        renewed.access = access;
        Ok(renewed)
    }
}
