//! Authenticates probes. A [`ProbeCaller`] is made only here, from a probe's token: no other token, no session and no
//! proxy opens an operation that takes one.

use axum::{
    extract::{FromRequestParts, Request, State},
    http::request::Parts,
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{
    api::{caller::bearer, error::ApiError, refused_tokens, state::Api},
    commands,
    domain::tokens::probe::{Probe, ProbeSecret},
    http::{problem::ProblemType, request_origin::RequestOrigin},
};

/// The probe that calls.
#[derive(Debug, Clone)]
pub struct ProbeCaller(Probe);

impl ProbeCaller {
    pub const fn probe(&self) -> &Probe {
        &self.0
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ProbeCaller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts.extensions.get::<Self>().cloned().ok_or_else(no_probe)
    }
}

/// Requires the valid token of a probe.
pub async fn require_probe(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let secret = bearer(request.headers()).and_then(ProbeSecret::parse);
    let Some(secret) = secret else { return no_probe().into_response() };
    match commands::authenticate_probe(&api.context, &secret).await {
        Ok(Some(probe)) => {
            request.extensions_mut().insert(ProbeCaller(probe));
            next.run(request).await
        }
        Ok(None) => {
            let origin = RequestOrigin::of(request.extensions());
            refused_tokens::tell_probe(&api, &origin, &secret).await;
            no_probe().into_response()
        }
        Err(error) => ApiError::from(error).into_response(),
    }
}

/// The answer to everybody who is no probe.
pub fn no_probe() -> ApiError {
    let detail = "Send the token of a probe as Authorization: Bearer unstale_probe_…. Revoked and expired tokens are refused; administrators create new ones under Settings › Probes.";
    ApiError::new(ProblemType::NoToken, detail)
}
