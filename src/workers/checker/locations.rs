//! Looks at the edge locations that people named, from here, once the server has its own verdicts.
//!
//! The name that leads to a location is not documented by AWS (`EdgeLocation::host_name`). So an answer counts only where
//! `X-Amz-Cf-Pop` says that it comes from that location; all else is kept as a location that gave no answer of its own.

use std::time::{Duration, Instant};

use url::Url;

use crate::{
    domain::checks::{
        CheckKind, CheckRun, EdgeLocation, Look, SilentLocation, UrlCheck, VantageCheck, XCache,
    },
    store::{StoreError, Tx, checks},
};

use super::{
    Shared,
    look::Looker,
    outcome::is_good_verdict,
    pairs::in_pairs,
    run::{Facts, judge_one},
};

/// The URLs that are asked in one round, of all edge locations together. Each is asked twice at the most.
const MAX: usize = 50;
/// After so long no further one is asked in a round, so that locations that hang do not keep the next run of the
/// distribution waiting.
const TIME_MAX: Duration = Duration::from_secs(30);

/// What came of asking one edge location for one URL.
pub(super) enum LocationSeen {
    Answered(VantageCheck),
    Silent(SilentLocation),
}

/// It, with the number of the URL.
pub(super) type Numbered = (usize, LocationSeen);

impl Shared {
    /// Looks at the URLs of a run at each edge location, one location after the other: one that hangs costs only its own
    /// looks.
    pub async fn look_at_locations(
        &self,
        looker: &Looker<'_>,
        run: &CheckRun,
        facts: &Facts<'_>,
    ) -> Vec<Numbered> {
        let locations = &looker.urls.settings.edge_locations;
        let deadline = looker.deadline.min(Instant::now() + TIME_MAX);
        let mut seen = Vec::new();
        for location in locations {
            let wanted: Vec<&UrlCheck> =
                wanted(run, location).into_iter().take(MAX / locations.len()).collect();
            let looks = in_pairs(&wanted, deadline, |check, may_look| async move {
                let look = if may_look { self.look_at_location(looker, check, location).await } else { None };
                let look = look.unwrap_or_else(|| Look::not_made(self.context.clock.now()));
                let hung = look.hung();
                (look, hung)
            })
            .await;
            let looked = wanted.iter().zip(looks);
            seen.extend(looked.map(|(check, look)| (check.number, judge(check, location, look, facts))));
        }
        seen
    }

    /// One look, and a second one if the location had no copy: that usually gets the one that the first made it cache,
    /// with its age. `None` if none may be made.
    async fn look_at_location(
        &self,
        looker: &Looker<'_>,
        check: &UrlCheck,
        location: &EdgeLocation,
    ) -> Option<Look> {
        let url = Url::parse(&check.url).ok().filter(|url| looker.may_ask(url))?;
        let name = location.host_name(&looker.distribution.domain_name)?;
        let may_look = || self.budget.take(self.context.clock.now());
        if !may_look() {
            return None;
        }
        let first = looker.urls.look_at_name(&url, &name).await;
        let is_miss = first.answer().is_some_and(|answer| answer.x_cache == Some(XCache::Miss));
        let again = is_miss && Instant::now() < looker.deadline && may_look();
        Some(if again { looker.urls.look_at_name(&url, &name).await } else { first })
    }
}

/// The URLs that are not good at this location, or else all: somebody asked to look again.
fn wanted<'a>(run: &'a CheckRun, location: &EdgeLocation) -> Vec<&'a UrlCheck> {
    let all = || run.urls.iter().filter(|check| check.kind == CheckKind::Url);
    let is_open = |check: &&UrlCheck| {
        let known = check.elsewhere.iter().filter(|one| one.probe.is_none());
        let mut verdicts =
            known.filter(|one| one.vantage == location.as_str()).filter_map(|one| one.judgement);
        !verdicts.any(is_good_verdict)
    };
    let open: Vec<&UrlCheck> = all().filter(is_open).collect();
    if open.is_empty() { all().collect() } else { open }
}

/// What was seen before anything was cleared is what the server saw.
fn judge(check: &UrlCheck, location: &EdgeLocation, look: Look, facts: &Facts<'_>) -> LocationSeen {
    if !look.answer().is_some_and(|answer| location.gave(answer)) {
        return LocationSeen::Silent(SilentLocation { location: location.clone(), look });
    }
    let mut there = check.clone();
    judge_one(&mut there, look.clone(), facts);
    LocationSeen::Answered(VantageCheck {
        probe: None,
        vantage: location.as_str().to_owned(),
        after: look,
        judgement: there.judgement,
        step: there.step,
    })
}

/// Stores what edge locations answered.
pub(super) async fn store(tx: &mut Tx, run: &CheckRun, seen: &[Numbered]) -> Result<(), StoreError> {
    for (number, one) in seen {
        match one {
            LocationSeen::Answered(check) => {
                checks::set_location_check(tx, &run.id, *number, check).await?;
            }
            LocationSeen::Silent(silent) => {
                checks::set_silent_location(tx, &run.id, *number, silent).await?;
            }
        }
    }
    Ok(())
}
