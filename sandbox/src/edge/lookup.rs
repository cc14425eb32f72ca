//! Owns the way through the cache: what is fresh comes from it, the rest from the origin.

use std::sync::Arc;

use hyper::Response;
use hyper::body::Bytes;

use super::cache::{Entry, Key};
use super::compress;
use super::fetch;
use super::gate::CREDENTIALS;
use super::respond::{self, Source};
use super::visit::Visit;
use crate::clock::since;
use crate::edge_rules::EdgeRule;
use crate::world::World;

/// What is looked for, and the rule that says how the origin answers.
#[derive(Debug)]
pub(super) struct Wanted<'a> {
    key: Key,
    path: &'a str,
    rule: Option<&'a EdgeRule>,
}

impl<'a> Wanted<'a> {
    /// What the viewer asks for.
    pub fn asked(visit: &'a Visit) -> Self {
        let path = visit.request.uri.path();
        Self { key: key(visit, &target(visit)), path, rule: visit.origin_rule() }
    }

    /// An error page.
    pub fn page(visit: &Visit, path: &'a str) -> Self {
        Self { key: key(visit, path), path, rule: None }
    }
}

/// From the cache while it is fresh, otherwise from the origin.
pub(super) async fn look_up(world: &World, visit: &Visit, wanted: &Wanted<'_>) -> Response<Bytes> {
    let distribution = &visit.distribution;
    let now = world.clock.now();
    let (kept, evictions) = {
        let mut state = world.shared.lock();
        state.evict_due(&distribution.id, now);
        let known = state.cache.get(&wanted.key);
        if let Some(entry) = &known {
            let age = since(entry.fetched_at, now);
            if age < entry.fresh_for {
                return respond::from_entry(entry, Source::Hit(age));
            }
        }
        (known, state.cache.evictions())
    };
    let stale = kept.clone().filter(|kept| since(kept.fetched_at, now) < kept.fresh_for + kept.stale_for);
    let fetched = fetch::fetch(world, visit, wanted.path, wanted.rule, now).await;
    let failed = fetched.entry.response.status().is_server_error();
    // While the origin fails, the expired copy goes on being served (developer guide, "HTTP 4xx and 5xx status
    // codes"), and viewers have seen `RefreshHit` there (Stack Overflow, question 71778683).
    if let Some(kept) = kept.as_ref().filter(|kept| failed && kept.response.status().is_success()) {
        return respond::from_entry(kept, Source::RefreshHit);
    }
    let mut state = world.shared.lock();
    state.evict_due(&distribution.id, world.clock.now());
    // What was read before an eviction may be what the eviction was meant for.
    if fetched.keep && state.cache.evictions() == evictions {
        state.cache.put(wanted.key.clone(), fetched.entry.clone());
    }
    if let Some(stale) = stale {
        // CloudFront answers at once and asks the origin afterwards. What `X-Cache` then says is not written down.
        return respond::from_entry(&stale, Source::Hit(since(stale.fetched_at, now)));
    }
    let unchanged = kept.is_some_and(|kept| is_same(&kept, &fetched.entry));
    respond::from_entry(&fetched.entry, if unchanged { Source::RefreshHit } else { Source::Miss })
}

fn is_same(kept: &Arc<Entry>, fetched: &Arc<Entry>) -> bool {
    kept.etag().is_some() && kept.etag() == fetched.etag()
}

fn key(visit: &Visit, target: &str) -> Key {
    let distribution = &visit.distribution;
    let values = distribution.key_headers.iter().map(|name| visit.header(name).unwrap_or_default());
    let encoding = if compress::is_wanted(visit) { "gzip" } else { "" };
    let values = values.chain([encoding, visit.edge_location.as_deref().unwrap_or_default()]);
    Key {
        distribution: distribution.id.clone(),
        target: target.to_owned(),
        variant: values.collect::<Vec<_>>().join("\n"),
    }
}

/// The path as the viewer asked for it, with the query string where the distribution counts it.
fn target(visit: &Visit) -> String {
    let path = visit.request.uri.path();
    let Some(query) = visit.request.uri.query().filter(|_| visit.distribution.query_strings) else {
        return path.to_owned();
    };
    let is_signed = !visit.distribution.trusted_keys.is_empty();
    let counts = |pair: &&str| {
        let name = pair.split('=').next().unwrap_or_default();
        !is_signed || !CREDENTIALS.contains(&name)
    };
    let counted: Vec<&str> = query.split('&').filter(counts).collect();
    match counted.join("&") {
        query if query.is_empty() => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}
