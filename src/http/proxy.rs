//! Who asks, where a proxy in front of Unstale says so with each request; and the guard of its headers.

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

use super::{error::WebError, request_origin::RequestOrigin, state::Web};

/// Turns requests away that bring an identity header which no trusted proxy of ours wrote.
pub async fn guard(State(web): State<Web>, request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let trusted = peer.is_some_and(|peer| web.options.authentication_methods.trusted.contains(peer));
    match web.options.authentication_methods.proxies.check(request.headers(), trusted) {
        Ok(_) => next.run(request).await,
        Err(problem) => {
            let origin = RequestOrigin::of(request.extensions());
            refuse(&web, &origin, problem, problem.label()).await.into_response()
        }
    }
}

/// Does a header of a proxy tell who asks?
pub fn tells_who_asks(headers: &HeaderMap, web: &Web) -> bool {
    web.options.authentication_methods.proxies.check(headers, true) == Ok(true)
}

/// The visitor whom a proxy vouches for; none where no proxy says anything.
pub async fn find_visitor(
    web: &Web,
    headers: &HeaderMap,
    origin: &Origin,
) -> Result<Option<Visitor>, WebError> {
    let authentication_methods = &web.options.authentication_methods;
    let now = web.context.clock.now();
    let (who, way) = match authentication_methods
        .proxies
        .identify(headers, &authentication_methods.external.roles, now)
        .await
    {
        Ok(Some(recognised)) => recognised,
        Ok(None) => return Ok(None),
        Err(ProxyIdentityError::Headers(problem)) => {
            return Err(refuse(web, origin, problem, problem.label()).await);
        }
        Err(ProxyIdentityError::NotGood(error)) => {
            let problem = HeaderProblem::Unproved;
            return Err(refuse(web, origin, problem, &format!("{}: {error}", problem.label())).await);
        }
        Err(ProxyIdentityError::Unreachable(why)) => return Err(WebError::ProviderAway(why)),
    };
    let origin = Origin { sign_in: way.to_owned(), ..origin.clone() };
    match commands::sign_in_by_proxy(&web.context, &origin, &who, &authentication_methods.external).await? {
        Ok(person) => {
            let acting = Acting { actor: Actor::person(&person.id, &person.email), origin };
            let mut conn = web.context.db.read().await?;
            let access = access::of_person(&mut conn, &person.id).await?;
            Ok(access.map(|access| Visitor { person, access, session: None, acting }))
        }
        Err(refusal) => {
            if web.minute.may_tell("recognised", now) {
                commands::refuse_sign_in(&web.context, &origin, &who.subject, refusal.note()).await?;
            }
            Err(WebError::NotAllowed {
                what: "You are not let in".to_owned(),
                advice: refusal.label().to_owned(),
            })
        }
    }
}

/// The log has every one, the history one a minute: a stranger must not fill it.
async fn refuse(web: &Web, origin: &Origin, problem: HeaderProblem, why: &str) -> WebError {
    tracing::warn!(client = origin.client_address, why, "an identity header was refused");
    if web.minute.may_tell(problem.label(), web.context.clock.now())
        && let Err(error) = commands::refuse_header(&web.context, origin, why).await
    {
        return error.into();
    }
    WebError::BadRequest(format!(
        "The request says who asks, and it may not: {}. Only the proxy in front of Unstale may send such headers. Nothing was kept or sent.",
        problem.label()
    ))
}
