//! Owns the edge: one caching server in front of all origin folders, told apart by the `Host` header.

mod cache;
mod compress;
mod cors;
mod error_pages;
mod fetch;
mod front;
mod gate;
mod generate;
mod items;
mod lookup;
mod pages;
mod respond;
mod visit;

use std::sync::Arc;
use std::time::Duration;

use hyper::body::{Bytes, Incoming};
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Request, Response, StatusCode};

pub(crate) use cache::Cache;
pub(crate) use front::Front;

use crate::body;
use crate::edge_rules::EdgeAnswer;
use crate::origin;
use crate::server::{Body, BreakOff, Connection};
use crate::state::CorsBy;
use crate::world::World;
use lookup::Wanted;
use visit::Visit;

const X_CACHE: HeaderName = HeaderName::from_static("x-cache");
const X_AMZ_CF_POP: HeaderName = HeaderName::from_static("x-amz-cf-pop");
const X_AMZ_CF_ID: HeaderName = HeaderName::from_static("x-amz-cf-id");

/// Answers a viewer, or breaks the connection.
pub(crate) async fn handle(
    world: Arc<World>,
    request: Request<Incoming>,
    connection: Connection,
) -> Result<Response<Body>, BreakOff> {
    let (request, _) = request.into_parts();
    let Some(visit) = Visit::of(&world, request) else {
        let mut page = pages::page(StatusCode::FORBIDDEN, "Bad request. There is no distribution here.");
        respond::mark(&mut page, None, world.clock.now());
        return Ok(page.map(body::full));
    };
    interrupt(&visit, &connection).await?;
    let response = if visit.is_direct {
        directly(&world, &visit).await
    } else if let Some(kept) = front::kept(&world, &visit) {
        kept
    } else {
        let mut response = answer(&world, &visit).await;
        respond::mark(&mut response, visit.edge_location.as_deref(), world.clock.now());
        front::pass(&world, &visit, response)
    };
    let response = respond::write(&visit, response, world.clock.now());
    let x_cache = response.headers().get(X_CACHE).and_then(|value| value.to_str().ok()).map(str::to_owned);
    world.shared.lock().views.answered(visit.n, response.status().as_u16(), x_cache);
    Ok(response)
}

/// Waits as long as a rule says, and breaks the connection where it says so.
async fn interrupt(visit: &Visit, connection: &Connection) -> Result<(), BreakOff> {
    let Some(rule) = &visit.rule else { return Ok(()) };
    if let Some(delay) = rule.delay_ms {
        tokio::time::sleep(Duration::from_millis(delay)).await;
    }
    match rule.answer {
        EdgeAnswer::Hang => std::future::pending().await,
        EdgeAnswer::Reset => {
            connection.reset();
            Err(BreakOff)
        }
        EdgeAnswer::Close => Err(BreakOff),
        _ => Ok(()),
    }
}

/// CloudFront's answer, before it has the headers that all of them have.
async fn answer(world: &World, visit: &Visit) -> Response<Bytes> {
    if !visit.distribution.enabled {
        return pages::page(StatusCode::FORBIDDEN, "Bad request. The distribution is disabled.");
    }
    let own = generate::at_the_edge(visit).or_else(|| gate::refusal(visit, world.clock.now()));
    if let Some(own) = own {
        // An answer of CloudFront's own has no CORS headers.
        return error_pages::replace(world, visit, own).await;
    }
    let found = if visit.is_cacheable() {
        lookup::look_up(world, visit, &Wanted::asked(visit)).await
    } else {
        uncached(visit)
    };
    let mut shown = error_pages::replace(world, visit, found).await;
    cors::mark(visit, CorsBy::Policy, &mut shown);
    shown
}

/// The origin's answer to whoever asks it without CloudFront.
async fn directly(world: &World, visit: &Visit) -> Response<Bytes> {
    let said = visit.origin_rule().map(|rule| generate::from_the_origin(rule, visit.request.uri.path()));
    let mut response = match said.or_else(|| generate::at_the_edge(visit)) {
        Some(said) => said,
        None if visit.is_cacheable() => {
            let distribution = &visit.distribution;
            let path = visit.request.uri.path();
            origin::directly(&world.folder_of(distribution), distribution, path).await
        }
        None => cors::uncached(visit),
    };
    for name in [X_CACHE, X_AMZ_CF_ID] {
        response.headers_mut().remove(name);
    }
    cors::mark(visit, CorsBy::Origin, &mut response);
    response
}

/// The origin's answer to a method that the cache has no part in.
fn uncached(visit: &Visit) -> Response<Bytes> {
    let mut response = match visit.origin_rule() {
        Some(rule) => generate::from_the_origin(rule, visit.request.uri.path()),
        None => cors::uncached(visit),
    };
    let is_error = response.status().as_u16() >= 400;
    let x_cache = if is_error { "Error from cloudfront" } else { "Miss from cloudfront" };
    response.headers_mut().insert(X_CACHE, HeaderValue::from_static(x_cache));
    response
}
