//! Makes the looks of one round, as the server makes them.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use futures_util::{StreamExt, stream};

use crate::{
    api::probe::wire::{ProbeTaskShape, ProbeUrlShape},
    clock::Clock,
    domain::checks::{CheckSettings, Look, LookFailure, XCache},
    edge::EdgeClient,
    workers::{LOOKING, LOOKS_AT_ONCE, LOOKS_HANGING, UrlLooker},
};

/// What looks are made with.
pub struct Looks {
    pub edge: EdgeClient,
    pub clock: Clock,
}

/// A look, and when it ended by a clock that is never set.
#[derive(Debug)]
pub struct MadeLook {
    pub number: usize,
    pub url: String,
    pub ended: Instant,
    pub took: Duration,
    pub look: Look,
}

impl Looks {
    /// Looks at each URL of a task.
    pub async fn make(&self, task: &ProbeTaskShape) -> Vec<MadeLook> {
        let settings = CheckSettings {
            headers: task.headers.clone().into_iter().collect(),
            must_contain: task.must_contain.clone(),
            must_not_contain: task.must_not_contain.clone(),
            ..CheckSettings::default()
        };
        let looker = UrlLooker { edge: &self.edge, clock: &self.clock, settings: &settings };
        let (hanging, deadline) = (AtomicUsize::new(0), Instant::now() + LOOKING);
        let one = async |url: &ProbeUrlShape| {
            let is_late = || Instant::now() >= deadline || hanging.load(Ordering::Relaxed) >= LOOKS_HANGING;
            let look = look_twice(&looker, &url.url, is_late).await;
            if matches!(look.outcome, Err(LookFailure::ConnectTimeout | LookFailure::AnswerTimeout)) {
                hanging.fetch_add(1, Ordering::Relaxed);
            }
            let since = self.clock.now().since(look.at);
            let ended = Instant::now().checked_sub(since).unwrap_or_else(Instant::now);
            MadeLook { number: url.number, url: url.url.clone(), ended, took: look.duration, look }
        };
        stream::iter(task.urls.iter().map(one)).buffered(LOOKS_AT_ONCE).collect().await
    }
}

/// Looks at a URL, and once more if the edge had no copy: a second request usually gets the one that the first made it
/// cache, with its age.
async fn look_twice(looker: &UrlLooker<'_>, url: &str, is_late: impl Fn() -> bool) -> Look {
    if is_late() {
        return Look {
            at: looker.clock.now(),
            duration: Duration::ZERO,
            outcome: Err(LookFailure::NotLooked),
        };
    }
    let first = looker.look(url).await;
    let is_miss = first.answer().is_some_and(|answer| answer.x_cache == Some(XCache::Miss));
    if is_miss && !is_late() { looker.look(url).await } else { first }
}
