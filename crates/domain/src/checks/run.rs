//! A check run: the looks at the URLs of one invalidation, or of a check that somebody asked for.

use std::time::Duration;

use super::{ApiCheck, CheckCause, Freshness, Judgement, Look, SampleUrl, SilentLocation};
use crate::{
    actor::ActorKind,
    id::{BatchId, CheckRunId, DistributionId, InvalidationId, TokenId},
    invalidations::invalidation::{Invalidation, InvalidationState},
    time::Timestamp,
};

/// An invalidation that was requested longer ago has no run made for it.
const RECENT: Duration = Duration::from_hours(1);

/// Whether a run may still be made for this invalidation, which has none. Those made outside are found when they are
/// completed, so that nothing was seen before them.
#[must_use]
pub fn may_get_run(invalidation: &Invalidation, now: Timestamp) -> bool {
    use InvalidationState::{Completed, InProgress, Queued};
    invalidation.requested_by.kind() != ActorKind::Outside
        && matches!(invalidation.state, Queued | InProgress | Completed)
        && now.since(invalidation.requested_at) < RECENT
}

/// How far a check run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckRunState {
    /// The looks before anything is cleared are to be made.
    Before,
    /// They were made, and CloudFront has not completed the invalidation.
    Waiting,
    /// Looks at what viewers get now are to be made.
    After,
    /// No further look follows by itself.
    Done,
}

impl CheckRunState {
    pub const ALL: [Self; 4] = [Self::Before, Self::Waiting, Self::After, Self::Done];

    /// The stable word, in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::Waiting => "waiting",
            Self::After => "after",
            Self::Done => "done",
        }
    }

    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// One check run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckRun {
    pub id: CheckRunId,
    pub distribution: DistributionId,
    /// `None` for a check without an invalidation.
    pub invalidation: Option<InvalidationId>,
    pub created_at: Timestamp,
    pub state: CheckRunState,
    /// How often the URLs were looked at after CloudFront had completed the invalidation.
    pub round: u32,
    pub freshness: Freshness,
    /// When the next looks are due. `None` if none are planned.
    pub due_at: Option<Timestamp>,
    pub urls: Vec<UrlCheck>,
}

impl CheckRun {
    /// How long the run of an invalidation is kept.
    pub const KEPT: Duration = Duration::from_hours(365 * 24);
    /// How long one is kept that somebody asked for without an invalidation: programs can ask for very many.
    pub const KEPT_BY_HAND: Duration = Duration::from_hours(30 * 24);

    /// Until when it is kept. One whose invalidation says that its URLs must be gone is evidence, and kept for ever.
    #[must_use]
    pub fn kept_until(&self) -> Timestamp {
        let kept = if self.invalidation.is_some() { Self::KEPT } else { Self::KEPT_BY_HAND };
        self.created_at.plus(kept)
    }

    /// Whether looks are being made, or are due now.
    #[must_use]
    pub fn is_looking(&self, now: Timestamp) -> bool {
        self.state != CheckRunState::Done && self.due_at.is_some_and(|due| due <= now)
    }

    /// The worst verdict of all URLs at all places that answered, and of the APIs that do not answer. Pending until the
    /// server has looked at each URL: it waits for no probe, and no probe answers in its place.
    #[must_use]
    pub fn worst(&self) -> Freshness {
        let each = || self.urls.iter().filter(|check| !check.answers()).map(UrlCheck::worst);
        if each().any(|one| one == Freshness::Pending) {
            return Freshness::Pending;
        }
        each().max().unwrap_or(Freshness::Off)
    }
}

/// What an address of a check run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckKind {
    /// A URL of the distribution.
    Url,
    /// The API behind the site, at another host.
    Api,
}

impl CheckKind {
    pub const ALL: [Self; 2] = [Self::Url, Self::Api];

    /// The stable word, in the store and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Url => "url",
            Self::Api => "api",
        }
    }

    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// What was seen of one URL of a check run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlCheck {
    /// Its number in the run, from 1.
    pub number: usize,
    pub kind: CheckKind,
    pub url: String,
    /// The batch that clears it. `None` for a check without an invalidation.
    pub batch: Option<BatchId>,
    /// Whether nobody named this URL.
    pub guessed: bool,
    pub before: Option<Look>,
    pub after: Option<Look>,
    /// `None` until the URL was looked at after completion.
    pub judgement: Option<Judgement>,
    /// What to do next, for people. Empty if there is nothing to do.
    pub step: String,
    /// What was seen of it at other places: by probes, in the order of their names, then at the edge locations that
    /// people named.
    pub elsewhere: Vec<VantageCheck>,
    /// The edge locations that gave no answer of their own when they were last asked. They count for nothing.
    pub silent: Vec<SilentLocation>,
}

impl UrlCheck {
    /// The URLs of a new run and the APIs behind the site, none of which was looked at yet.
    #[must_use]
    pub fn of_run(picked: Vec<SampleUrl>, apis: &[ApiCheck]) -> Vec<Self> {
        let apis = apis.iter().map(|api| SampleUrl { url: api.url.clone(), batch: None, guessed: false });
        let picked = picked.into_iter().map(|one| (CheckKind::Url, one));
        let numbered = picked.chain(apis.map(|one| (CheckKind::Api, one))).zip(1..);
        let new = numbered.map(|((kind, one), number)| Self {
            number,
            kind,
            url: one.url,
            batch: one.batch,
            guessed: one.guessed,
            before: None,
            after: None,
            judgement: None,
            step: String::new(),
            elsewhere: Vec::new(),
            silent: Vec::new(),
        });
        new.collect()
    }

    /// Whether it is an API that answers. It says nothing about what viewers get of the site.
    #[must_use]
    pub fn answers(&self) -> bool {
        let is_answering = |one: Judgement| one.cause == Some(CheckCause::Answers);
        self.kind == CheckKind::Api && self.judgement.is_some_and(is_answering)
    }

    /// The judgements with their next steps of all places that answered: the server's, then the others.
    pub fn judgements(&self) -> impl Iterator<Item = (Judgement, &str)> {
        let own = self.judgement.map(|one| (one, self.step.as_str()));
        let others = self.elsewhere.iter().filter_map(|one| Some((one.judgement?, one.step.as_str())));
        own.into_iter().chain(others)
    }

    /// The worst verdict of all places that answered. Pending until the server has one.
    #[must_use]
    pub fn worst(&self) -> Freshness {
        if self.judgement.is_none() {
            return Freshness::Pending;
        }
        Freshness::of(self.judgements().map(|(one, _)| Some(one.verdict)))
    }
}

/// What was seen of one URL after completion at another place than the server's nearest edge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VantageCheck {
    /// The token of the probe that looked. `None` if the server asked an edge location.
    pub probe: Option<TokenId>,
    /// The name of the place: a probe's, or that of the edge location.
    pub vantage: String,
    pub after: Look,
    /// `None` until the look is judged.
    pub judgement: Option<Judgement>,
    /// What to do next, for people. Empty if there is nothing to do.
    pub step: String,
}

/// A round of looks at a run that a probe may make too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeRound {
    pub run: CheckRunId,
    /// The number of the round, from 0.
    pub round: u32,
    pub began_at: Timestamp,
    /// When the probe was last given its URLs. `None` if it was not.
    pub offered_at: Option<Timestamp>,
    /// Whether the probe has handed in its looks.
    pub is_answered: bool,
}

impl ProbeRound {
    /// For how long after the beginning of a round a probe is given its URLs.
    pub const OFFERED: Duration = Duration::from_mins(5);
    /// For how long after it was given them a probe may hand in its looks.
    pub const ACCEPTED: Duration = Duration::from_mins(5);
}
