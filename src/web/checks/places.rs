//! What each place got: this server, the probes, and the edge locations that people named.

use std::time::Duration;

use crate::{
    domain::{
        checks::{
            CheckCause, CheckRun, ExpectedContent, Freshness, Judgement, Look, LookFailure, ProbeRound,
            SilentLocation, UrlCheck, Verdict,
        },
        time::Timestamp,
        tokens::probe::Probe,
    },
    store::{Conn, StoreError, checks, probes},
};

use super::{
    super::view::{StatusView, When},
    look_view::LookView,
};

/// The most probes that are looked through.
const PROBES: usize = 200;
/// After that, a probe that has not answered will not.
const ANSWERS_WITHIN: Duration = Duration::from_mins(10);

/// What one place got of a URL.
#[derive(Debug, Clone)]
pub struct PlaceView {
    pub name: String,
    /// Such as `FRA50-C1`. Empty if no edge location said so.
    pub edge_location: String,
    pub status: StatusView,
    pub cause: &'static str,
    pub look: LookView,
    pub looked: Option<When>,
}

/// A place of which nothing counts: a probe that has not looked, or an edge location that gave no answer of its own.
#[derive(Debug, Clone)]
pub struct SilentPlace {
    pub name: String,
    /// `has not answered yet`, `not in contact since`, or `is not counted: its name has no address`.
    pub words: String,
    /// The last contact of a probe that is away.
    pub since: Option<When>,
}

/// The verdict of one look. Without one, the URL is still to be looked at.
pub fn verdict_status(judgement: Option<Judgement>, expected: ExpectedContent) -> StatusView {
    let (state, words) = judgement.map_or_else(
        || (Freshness::Pending.as_str(), Freshness::Pending.label()),
        |one| (one.state(), one.label_for(expected)),
    );
    StatusView { state, words: words.to_owned() }
}

/// The places of a URL. Empty if only this server looked. The cause that is told of the URL is not told again.
pub fn places(
    check: &UrlCheck,
    expected: ExpectedContent,
    told: Option<CheckCause>,
    now: Timestamp,
) -> Vec<PlaceView> {
    if check.elsewhere.is_empty() {
        return Vec::new();
    }
    let own = ("this server", check.after.as_ref(), check.judgement);
    let others = check.elsewhere.iter().map(|one| (one.vantage.as_str(), Some(&one.after), one.judgement));
    let place = |(name, look, judgement): (&str, Option<&Look>, Option<Judgement>)| {
        let cause = judgement.and_then(|one| one.cause).filter(|cause| Some(*cause) != told);
        let edge_location = look.and_then(Look::answer).and_then(|answer| answer.pop.clone());
        // That of an edge location is its name.
        let edge_location = edge_location.filter(|location| location != name);
        PlaceView {
            name: name.to_owned(),
            edge_location: edge_location.unwrap_or_default(),
            status: verdict_status(judgement, expected),
            cause: cause.map_or("", CheckCause::label),
            look: LookView::new(look, None),
            looked: look.map(|look| When::new(look.at, now)),
        }
    };
    [own].into_iter().chain(others).map(place).collect()
}

/// `fresh in 2 of 3 places`. Empty if only this server looked.
pub fn standing(check: &UrlCheck, expected: ExpectedContent) -> String {
    if check.elsewhere.is_empty() {
        return String::new();
    }
    let in_places = |verdict: Verdict| check.judgements().filter(|(one, _)| one.verdict == verdict).count();
    let (fresh, unchanged) = (in_places(Verdict::Fresh), in_places(Verdict::Unchanged));
    let all = 1 + check.elsewhere.len();
    if fresh == 0 && unchanged > 0 {
        format!("unchanged in {unchanged} of {all} places")
    } else {
        let fresh_label = Freshness::Fresh.label_for(expected).to_lowercase();
        format!("{fresh_label} in {fresh} of {all} places")
    }
}

/// The probes that might have looked at this run and have not. Empty if probes had nothing to look at.
pub async fn silent_probes(
    conn: &mut Conn,
    run: &CheckRun,
    now: Timestamp,
) -> Result<Vec<SilentPlace>, StoreError> {
    let Some(began) = checks::round_began(conn, &run.id).await? else { return Ok(Vec::new()) };
    let answered = |probe: &Probe| {
        run.urls
            .iter()
            .flat_map(|check| &check.elsewhere)
            .any(|check| check.probe.as_ref() == Some(&probe.id))
    };
    let all = probes::list(conn, PROBES).await?;
    let silent = all.into_iter().filter(|probe| {
        probe.is_good(now) && probe.created_at < began.plus(ProbeRound::OFFERED) && !answered(probe)
    });
    Ok(silent.map(|probe| silent_probe(probe, began, now)).collect())
}

fn silent_probe(probe: Probe, began: Timestamp, now: Timestamp) -> SilentPlace {
    let is_away = probe.is_away(now);
    let words = match probe.contact_at {
        Some(_) if is_away => "not in contact since",
        None => "was never in contact",
        Some(_) if now.since(began) < ANSWERS_WITHIN => "has not answered yet",
        Some(_) => "did not answer",
    };
    let since = probe.contact_at.filter(|_| is_away).map(|at| When::new(at, now));
    SilentPlace { name: probe.name, words: words.to_owned(), since }
}

/// The edge locations that gave no answer of their own for some URL of a run, each once, with the reason that tells most.
pub fn silent_locations(urls: &[UrlCheck]) -> Vec<SilentPlace> {
    let all = || urls.iter().flat_map(|check| &check.silent);
    let mut names: Vec<&str> = Vec::new();
    for name in all().map(|one| one.location.as_str()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.into_iter().map(|name| silent_location(name, urls, all())).collect()
}

fn silent_location<'a>(
    name: &str,
    urls: &[UrlCheck],
    all: impl Iterator<Item = &'a SilentLocation>,
) -> SilentPlace {
    let own: Vec<&SilentLocation> = all.filter(|one| one.location.as_str() == name).collect();
    let was_asked = |one: &&&SilentLocation| one.look.outcome != Err(LookFailure::NotLooked);
    let why = own.iter().find(was_asked).or(own.first()).map(|one| one.describe()).unwrap_or_default();
    let answered = urls.iter().flat_map(|check| &check.elsewhere).any(|one| one.vantage == name);
    let what = if answered && own.len() > 1 {
        format!("gave no answer of its own at {} URLs", own.len())
    } else if answered {
        "gave no answer of its own at one URL".to_owned()
    } else {
        "is not counted".to_owned()
    };
    SilentPlace { name: name.to_owned(), words: format!("{what}: {why}"), since: None }
}
