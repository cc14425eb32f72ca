//! Owns the edge: one caching server in front of all origin folders, told apart by the `Host` header.

mod cache;
mod fetch;
mod items;
mod respond;

use std::sync::Arc;

use hyper::body::Incoming;
use hyper::header::HOST;
use hyper::http::request::Parts;
use hyper::{Method, Request, Response};

pub(crate) use cache::Cache;
use cache::{Entry, Key};
use respond::Source;

use crate::clock::since;
use crate::server::{Body, BreakOff};
use crate::state::Distribution;
use crate::world::World;

/// Answers a viewer.
pub(crate) async fn handle(
    world: Arc<World>,
    request: Request<Incoming>,
) -> Result<Response<Body>, BreakOff> {
    let (request, _) = request.into_parts();
    let host = host(&request);
    let Some(distribution) = world.shared.lock().distribution_of_host(&host).cloned() else {
        return respond::refused("Bad request. There is no distribution here.");
    };
    if !distribution.enabled {
        return respond::refused("Bad request. The distribution is disabled.");
    }
    if ![Method::GET, Method::HEAD].contains(&request.method) {
        return respond::refused(
            "This distribution is not configured to allow the HTTP request method that was used for this request. \
             The distribution supports only cachable requests.",
        );
    }
    let (entry, source) = look_up(&world, &distribution, &request).await;
    respond::entry(&request, &entry, source)
}

/// From the cache while it is fresh, otherwise from the origin.
async fn look_up(world: &World, distribution: &Distribution, request: &Parts) -> (Arc<Entry>, Source) {
    let path = request.uri.path();
    let key: Key = (distribution.id.clone(), cache_key(distribution, request));
    let now = world.clock.now();
    let (kept, evictions) = {
        let mut state = world.shared.lock();
        state.evict_due(&distribution.id, now);
        let known = state.cache.get(&key);
        if let Some(entry) = &known {
            let age = since(entry.fetched_at, now);
            if age < entry.fresh_for {
                return (entry.clone(), Source::Hit(age));
            }
        }
        (known, state.cache.evictions())
    };
    let fetched = fetch::fetch(world, distribution, path, now).await;
    let mut state = world.shared.lock();
    state.evict_due(&distribution.id, world.clock.now());
    // What was read before an eviction may be what the eviction was meant for.
    if fetched.keep && state.cache.evictions() == evictions {
        state.cache.put(key, fetched.entry.clone());
    }
    let unchanged = kept.is_some_and(|kept| kept.etag.is_some() && kept.etag == fetched.entry.etag);
    let source = if unchanged { Source::RefreshHit } else { Source::Miss };
    (fetched.entry, source)
}

/// The path as the viewer asked for it, with the query string where the distribution counts it.
fn cache_key(distribution: &Distribution, request: &Parts) -> String {
    let path = request.uri.path();
    match request.uri.query() {
        Some(query) if distribution.query_strings && !query.is_empty() => format!("{path}?{query}"),
        _ => path.to_owned(),
    }
}

/// The host that the viewer means, without its port.
fn host(request: &Parts) -> String {
    let header = request.headers.get(HOST).and_then(|host| host.to_str().ok());
    let host = request.uri.host().or(header).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    name.trim_end_matches('.').to_ascii_lowercase()
}
