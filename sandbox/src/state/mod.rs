//! Owns the one state that API and edge share, behind one lock.

mod behavior;
mod cache_policy;
mod calls;
mod continuous_deployment;
mod distribution;
mod invalidation;
mod journal;
mod ledger;
mod settings;
mod views;

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

pub use behavior::{
    BucketPolicy, Cors, CorsBy, ErrorPage, FunctionAssociation, GeoRestriction, OriginAccess, OriginKind,
    VIEWER_COUNTRY, ViewerProtocolPolicy,
};
pub use cache_policy::{CachePolicy, KeyPart};
pub use calls::Call;
pub use continuous_deployment::{ContinuousDeploymentPolicy, StagingTraffic};
pub use distribution::{ACCOUNT, Distribution};
pub use invalidation::Invalidation;
pub use ledger::{ITEM_LIMIT, WILDCARD_LIMIT};
pub use settings::{ConflictingReference, SameReference, Settings};
pub use views::View;

pub(crate) use calls::Calls;
pub(crate) use distribution::arn;
pub(crate) use journal::{Journal, Line};
pub(crate) use ledger::{Ledger, Refusal};
pub(crate) use views::Views;

use crate::edge::{Cache, Front};
use crate::edge_rules::EdgeRules;
use crate::faults::Faults;

/// Everything that changes while the sandbox runs.
#[derive(Debug)]
pub(crate) struct State {
    /// In the order in which `ListDistributions` shows them.
    pub distributions: Vec<Distribution>,
    pub ledgers: HashMap<String, Ledger>,
    pub cache: Cache,
    pub front: Front,
    pub edge_rules: EdgeRules,
    pub settings: Settings,
    pub faults: Faults,
    pub calls: Calls,
    pub views: Views,
    /// When CloudTrail was asked within the last second.
    pub lookups: Vec<Timestamp>,
    journal: Option<Journal>,
}

impl State {
    /// Begins with what the state file remembers.
    pub fn open(settings: Settings, journal: Option<&Path>) -> io::Result<Self> {
        let mut state = Self {
            distributions: Vec::new(),
            ledgers: HashMap::new(),
            cache: Cache::default(),
            front: Front::default(),
            edge_rules: EdgeRules::default(),
            settings,
            faults: Faults::default(),
            calls: Calls::default(),
            views: Views::default(),
            lookups: Vec::new(),
            journal: None,
        };
        if let Some(path) = journal {
            for line in Journal::read(path)? {
                state.replay(line);
            }
            state.journal = Some(Journal::start(path, state.lines())?);
        }
        Ok(state)
    }

    pub fn distribution(&self, id: &str) -> Option<&Distribution> {
        self.distributions.iter().find(|known| known.id == id)
    }

    /// One for which invalidations are made. AWS documents that those of a `tenant-only` distribution are made for its
    /// tenants, and not what it answers for the distribution itself; here it is as one that is not there.
    pub fn invalidatable(&self, id: &str) -> Option<&Distribution> {
        self.distribution(id).filter(|known| !known.is_tenant_only())
    }

    /// The one that a `Host` header means; the first one when it means none.
    pub fn distribution_of_host(&self, host: &str) -> Option<&Distribution> {
        let all = &self.distributions;
        all.iter().find(|known| known.answers_to(host)).or(all.first())
    }

    /// The one that answers a viewer at this host: the one that the host means, or the staging distribution to which its
    /// policy sends a request with these headers. None where the host is that of a staging distribution.
    pub fn distribution_for_viewer<'a>(
        &'a self,
        host: &str,
        header: impl Fn(&str) -> Option<&'a str>,
    ) -> Option<&'a Distribution> {
        let meant = self.distribution_of_host(host).filter(|meant| !meant.staging)?;
        let policy = meant.continuous_deployment.as_ref().filter(|policy| policy.takes(header));
        let staging = policy.and_then(|policy| {
            let named = |known: &&Distribution| policy.staging_domains.contains(&known.domain);
            self.distributions.iter().find(|known| known.staging && named(known))
        });
        Some(staging.unwrap_or(meant))
    }

    /// The one whose origin a `Host` header means, where it means no distribution.
    pub fn distribution_of_origin(&self, host: &str) -> Option<&Distribution> {
        let all = &self.distributions;
        if all.iter().any(|known| known.answers_to(host)) {
            return None;
        }
        all.iter().find(|known| known.origin_host().eq_ignore_ascii_case(host))
    }

    /// Adds a distribution, or puts it in the place of the one with its ID.
    pub fn put_distribution(&mut self, distribution: Distribution) {
        match self.distributions.iter_mut().find(|known| known.id == distribution.id) {
            Some(known) => *known = distribution,
            None => self.distributions.push(distribution),
        }
    }

    /// Takes a distribution away with all that belongs to it.
    pub fn remove_distribution(&mut self, id: &str) -> bool {
        let before = self.distributions.len();
        self.distributions.retain(|known| known.id != id);
        self.ledgers.remove(id);
        self.cache.forget(id);
        self.distributions.len() < before
    }

    pub fn ledger(&mut self, distribution: &str) -> &mut Ledger {
        self.ledgers.entry(distribution.to_owned()).or_default()
    }

    /// Lets the edge forget what invalidations name whose time has come.
    pub fn evict_due(&mut self, distribution: &str, now: Timestamp) {
        let tag_header = self.distribution(distribution).and_then(|known| known.cache_tag_header.clone());
        for invalidation in self.ledger(distribution).due_at_the_edge(now) {
            let held = |target: &str| self.edge_rules.hold(distribution, target, now);
            self.cache.evict(distribution, &invalidation.items, tag_header.as_deref(), held);
        }
    }

    /// Notes what has to outlive the process. That it cannot be written must not look like an accepted act.
    pub fn note(&mut self, line: &Line) -> io::Result<()> {
        self.journal.as_mut().map_or(Ok(()), |journal| journal.add(line))
    }

    fn replay(&mut self, line: Line) {
        match line {
            Line::Invalidation(invalidation) => {
                self.ledger(&invalidation.distribution.clone()).push(invalidation);
            }
            Line::Call(call) => self.calls.restore(call),
            Line::CallsCleared => self.calls.clear(),
        }
    }

    fn lines(&self) -> impl Iterator<Item = Line> {
        let invalidations = self.ledgers.values().flat_map(Ledger::all).cloned();
        let calls = self.calls.after(0).into_iter();
        invalidations.map(Line::Invalidation).chain(calls.map(Line::Call))
    }
}

/// The state behind its lock.
#[derive(Debug)]
pub(crate) struct Shared(Mutex<State>);

impl Shared {
    pub fn new(state: State) -> Self {
        Self(Mutex::new(state))
    }

    /// A panic of one request leaves the state usable for the next.
    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
