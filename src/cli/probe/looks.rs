//! Makes the looks of one round, as the server makes them.

use std::time::{Duration, Instant};

use crate::{
    api::probe::wire::ProbeTaskShape,
    clock::Clock,
    domain::checks::{CheckSettings, Look, LookHeaders, XCache},
    edge::EdgeClient,
    workers::{LOOKING, UrlLooker, in_pairs},
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
            headers: LookHeaders {
                plain: task.headers.clone().into_iter().collect(),
                ..LookHeaders::default()
            },
            must_contain: task.must_contain.clone(),
            must_not_contain: task.must_not_contain.clone(),
            ..CheckSettings::default()
        };
        let looker = UrlLooker::without_secrets(&self.edge, &self.clock, &settings);
        let (looker, deadline) = (&looker, Instant::now() + LOOKING);
        in_pairs(&task.urls, deadline, |url, may_look| async move {
            let look = if may_look {
                look_twice(looker, &url.url, deadline).await
            } else {
                Look::not_made(self.clock.now())
            };
            let hung = look.hung();
            let since = self.clock.now().since(look.at);
            let ended = Instant::now().checked_sub(since).unwrap_or_else(Instant::now);
            (MadeLook { number: url.number, url: url.url.clone(), ended, took: look.duration, look }, hung)
        })
        .await
    }
}

/// Looks at a URL, and once more if the edge had no copy: a second request usually gets the one that the first made it
/// cache, with its age.
async fn look_twice(looker: &UrlLooker<'_>, url: &str, deadline: Instant) -> Look {
    let first = looker.look(url).await;
    let is_miss = first.answer().is_some_and(|answer| answer.x_cache == Some(XCache::Miss));
    if is_miss && Instant::now() < deadline { looker.look(url).await } else { first }
}
