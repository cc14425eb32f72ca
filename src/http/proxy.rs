//! Identifies the person where a proxy in front of Unstale does so in each request, and checks the headers of such
//! proxies.

use std::net::SocketAddr;

use axum::{
    extract::{ConnectInfo, Request, State},
    http::HeaderMap,
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{
    commands,
    domain::actor::{Acting, Actor, Origin},
    http::session::Visitor,
    identity::{headers::HeaderProblem, proxy::ProxyIdentityError},
    store::access,
};

use super::{error::HttpError, request_origin::RequestOrigin, state::AppState};

/// Refuses requests with an identity header that does not come from a trusted proxy.
pub async fn guard(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let trusted = peer.is_some_and(|peer| app.options.authentication_methods.trusted.contains(peer));
    match app.options.authentication_methods.proxies.check(request.headers(), trusted) {
        Ok(_) => next.run(request).await,
        Err(problem) => {
            let origin = RequestOrigin::of(request.extensions());
            refuse(&app, &origin, problem, problem.label()).await.into_response()
        }
    }
}

/// Whether a proxy's header names who asks.
pub fn tells_who_asks(headers: &HeaderMap, app: &AppState) -> bool {
    app.options.authentication_methods.proxies.check(headers, true) == Ok(true)
}

/// The visitor whom a proxy identifies. `None` if no proxy names anybody.
pub async fn find_visitor(
    app: &AppState,
    headers: &HeaderMap,
    origin: &Origin,
) -> Result<Option<Visitor>, HttpError> {
    let authentication_methods = &app.options.authentication_methods;
    let now = app.context.clock.now();
    let (who, way) = match authentication_methods
        .proxies
        .identify(headers, &authentication_methods.external.roles, now)
        .await
    {
        Ok(Some(recognised)) => recognised,
        Ok(None) => return Ok(None),
        Err(ProxyIdentityError::Headers(problem)) => {
            return Err(refuse(app, origin, problem, problem.label()).await);
        }
        Err(ProxyIdentityError::NotGood(error)) => {
            let problem = HeaderProblem::Unproved;
            return Err(refuse(app, origin, problem, &format!("{}: {error}", problem.label())).await);
        }
        Err(ProxyIdentityError::Unreachable(why)) => return Err(HttpError::ProviderAway(why)),
    };
    let origin = Origin { sign_in: way.to_owned(), ..origin.clone() };
    match commands::sign_in_by_proxy(&app.context, &origin, &who, &authentication_methods.external).await? {
        Ok(person) => {
            let acting = Acting { actor: Actor::person(&person.id, &person.email), origin };
            let mut conn = app.context.db.read().await?;
            let access = access::of_person(&mut conn, &person.id).await?;
            Ok(access.map(|access| Visitor { person, access, session: None, acting, is_after_change: false }))
        }
        Err(refusal) => {
            if app.minute.may_tell("recognised", now) {
                commands::refuse_sign_in(&app.context, &origin, &who.subject, refusal.note()).await?;
            }
            Err(HttpError::NotAllowed {
                what: "Access refused".to_owned(),
                advice: refusal.label().to_owned(),
            })
        }
    }
}

/// Refuses the request. The log has each refusal, the history one a minute, so that a stranger cannot fill it.
async fn refuse(app: &AppState, origin: &Origin, problem: HeaderProblem, why: &str) -> HttpError {
    tracing::warn!(client = origin.client_address, why, "an identity header was refused");
    if app.minute.may_tell(problem.label(), app.context.clock.now())
        && let Err(error) = commands::refuse_header(&app.context, origin, why).await
    {
        return error.into();
    }
    HttpError::BadRequest(format!(
        "The request says who asks, and it may not: {}. Only the proxy in front of Unstale may send such headers. Nothing was saved or sent.",
        problem.label()
    ))
}
