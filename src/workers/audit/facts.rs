//! Compares the tables with the events that state their contents, in bounded steps. This is the second part of a
//! check, after the chain was found intact.

use std::collections::HashMap;

use crate::{
    domain::{
        audit::{
            Action, Chained, Target,
            facts::{self, BEGINNINGS, compare_invalidation},
            verify::Broken,
        },
        id::InvalidationId,
        invalidations::invalidation::{Batch, Invalidation},
        time::Timestamp,
    },
    store::{
        Conn, Db, StoreError, audit,
        invalidations::{self, batches},
    },
};

use super::{CheckError, VerificationStep};

/// The number of invalidations that are compared with their events at once.
const TOGETHER: usize = 100;

/// A comparison in progress.
#[derive(Debug)]
pub struct Facts {
    /// The last event that was examined.
    reached: i64,
    /// The last event to examine.
    last: i64,
    compared: u64,
}

impl Facts {
    /// Starts at the first stored event. `last` is the last event to examine.
    pub async fn begin(db: &Db, last: i64) -> Result<Self, StoreError> {
        let first = audit::first_sequence(&mut *db.read().await?).await?;
        Ok(Self { reached: first - 1, last, compared: 0 })
    }

    /// The number of invalidations and requests for approval that were compared with their events.
    #[must_use]
    pub const fn compared(&self) -> u64 {
        self.compared
    }

    /// Whether all events were examined. Only the last step remains then.
    #[must_use]
    pub const fn is_through(&self) -> bool {
        self.reached >= self.last
    }

    /// Examines what the next `numbers` events state.
    pub async fn step(
        &mut self,
        db: &Db,
        numbers: i64,
        now: Timestamp,
    ) -> Result<VerificationStep, CheckError> {
        let numbers = numbers.min(self.last - self.reached);
        let mut conn = db.read().await?;
        if numbers <= 0 {
            self.look_for_unstated(&mut conn).await?;
            return Ok(VerificationStep::End);
        }
        let stating = audit::stating(&mut conn, self.reached, numbers).await?;
        let mut found: Vec<Broken> = Vec::new();
        for chained in stating.iter().filter(|chained| matches!(chained.event.target, Target::Proposal(_))) {
            found.extend(audit::proposal_contradiction(&mut conn, chained, now).await?);
            self.compared += u64::from(chained.event.action == Action::ProposalMade);
        }
        let ids: Vec<InvalidationId> = stating.into_iter().filter_map(begun).collect();
        for ids in ids.chunks(TOGETHER) {
            for id in suspects(&mut conn, ids).await? {
                // The invalidation may have changed between the reads, so it is compared again.
                found.extend(audit::contradiction(&mut conn, &id).await?);
            }
            self.compared += ids.len() as u64;
        }
        if let Some(first) = found.into_iter().min_by_key(|broken| broken.sequence) {
            // Retention may have dropped old events since then, with the rows that they state.
            if first.sequence >= audit::first_sequence(&mut conn).await? {
                return Err(first.into());
            }
        }
        self.reached += numbers;
        Ok(VerificationStep::More)
    }

    /// If no event was dropped, each invalidation and request for approval must have the event that begins it.
    async fn look_for_unstated(&self, conn: &mut Conn) -> Result<(), CheckError> {
        if audit::first_sequence(conn).await? > 1 {
            return Ok(());
        }
        let invalidation =
            audit::unstated_invalidation(conn).await?.map(|id| format!("the invalidation {id}"));
        let proposal =
            audit::unstated_proposal(conn).await?.map(|id| format!("the request for approval {id}"));
        let Some(unstated) = invalidation.or(proposal) else { return Ok(()) };
        // This is read again because the first event may have been dropped in between.
        if audit::first_sequence(conn).await? > 1 {
            return Ok(());
        }
        let what = format!("{unstated} is in the database, and no event up to here begins it");
        Err(facts::broken(self.last, what).into())
    }
}

fn begun(chained: Chained) -> Option<InvalidationId> {
    let begins = BEGINNINGS.contains(&chained.event.action);
    chained.event.invalidation.filter(|_| begins)
}

/// The invalidations among `ids` that seem to differ from what their events state.
async fn suspects(conn: &mut Conn, ids: &[InvalidationId]) -> Result<Vec<InvalidationId>, StoreError> {
    match disagreeing(conn, ids).await {
        // Some row cannot be read. The comparison of each single invalidation then finds out which.
        Err(StoreError::Unreadable(_)) => Ok(ids.to_vec()),
        found => found,
    }
}

async fn disagreeing(conn: &mut Conn, ids: &[InvalidationId]) -> Result<Vec<InvalidationId>, StoreError> {
    let mut events: HashMap<InvalidationId, Vec<Chained>> = HashMap::new();
    for chained in audit::of_invalidations(conn, ids).await? {
        if let Some(id) = chained.event.invalidation.clone() {
            events.entry(id).or_default().push(chained);
        }
    }
    let rows: HashMap<InvalidationId, Invalidation> =
        invalidations::find_all(conn, ids).await?.into_iter().map(|row| (row.id.clone(), row)).collect();
    let mut of: HashMap<InvalidationId, Vec<Batch>> = HashMap::new();
    for batch in batches::of_invalidations(conn, ids).await? {
        of.entry(batch.invalidation.clone()).or_default().push(batch);
    }
    let agrees = |id: &InvalidationId| {
        let events = events.get(id).map(Vec::as_slice).unwrap_or_default();
        let batches = of.get(id).map(Vec::as_slice).unwrap_or_default();
        compare_invalidation(events, rows.get(id), batches).is_ok()
    };
    Ok(ids.iter().filter(|id| !agrees(id)).cloned().collect())
}
