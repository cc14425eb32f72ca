//! Adds new events of the history to the sums of the insights, so that accepting a request does not wait for them.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use tokio::sync::Mutex;

use crate::{
    clock::Clock,
    domain::{
        audit::{Chained, Target},
        id::BatchId,
        insights::counting::{CountedBatch, Sums, needs_batch, needs_items},
        time::Timestamp,
    },
    store::{Conn, Db, StoreError, audit, insights},
};

use super::Next;

/// The maximum number of events that one tick counts.
const EVENTS: usize = 500;
/// The maximum number of items that one tick counts. A single event may have more.
const ITEMS: usize = 20_000;
/// The maximum number of lists of names that one tick reads and writes. A single event may have more.
const GROUPS: usize = 100;
/// How long events wait for others, so that they share a transaction.
const TOGETHER: Duration = Duration::from_secs(1);

/// The worker that counts events for the insights.
#[derive(Debug, Clone)]
pub struct InsightsCounter {
    db: Db,
    clock: Clock,
    last: Arc<Mutex<Option<Timestamp>>>,
}

/// What some events add up to.
struct Counted {
    sums: Sums,
    /// The sequence of the last of them.
    to: i64,
    /// How many they are.
    events: usize,
}

impl InsightsCounter {
    #[must_use]
    pub fn new(db: Db, clock: Clock) -> Self {
        Self { db, clock, last: Arc::default() }
    }

    /// Counts the next events, if there are any and the wait for others is over. The first ticks after an upgrade work
    /// through the whole history.
    pub async fn tick(&self) -> Result<Next, StoreError> {
        let mut last = self.last.lock().await;
        let now = self.clock.now();
        if let Some(due) = last.map(|last| last.plus(TOGETHER)).filter(|due| *due > now) {
            return Ok(Next::At(due));
        }
        let mut conn = self.db.read().await?;
        let from = insights::counted(&mut conn).await?;
        let events = audit::after(&mut conn, from, EVENTS).await?;
        let Some(counted) = count(&mut conn, &events).await? else { return Ok(Next::Idle) };
        drop(conn);
        let mut tx = self.db.begin().await?;
        if insights::add(&mut tx, from, counted.to, &counted.sums).await? {
            tx.commit().await?;
        }
        // There may be more events, or some of these did not fit into this tick.
        if events.len() == EVENTS || counted.events < events.len() {
            return Ok(Next::Again);
        }
        *last = Some(now);
        Ok(Next::At(now.plus(TOGETHER)))
    }
}

/// What the first of these events add up to, as many as fit into one tick. `None` if there are no events.
async fn count(conn: &mut Conn, events: &[Chained]) -> Result<Option<Counted>, StoreError> {
    let batches = batches_of(conn, events).await?;
    let (mut counted, mut items) = (None, 0);
    let mut groups = BTreeSet::new();
    for chained in events {
        let event = &chained.event;
        let list = if needs_items(event.action) { audit::items_of(conn, event).await? } else { Vec::new() };
        let so_far = counted.get_or_insert_with(|| Counted { sums: Sums::default(), to: 0, events: 0 });
        let before = so_far.sums.occurrences.len();
        items += list.len();
        if items > ITEMS && before > 0 {
            break;
        }
        so_far.sums.add(event, &list, batch_of(chained).and_then(|id| batches.get(id).copied()));
        so_far.to = chained.sequence;
        so_far.events += 1;
        let new = so_far.sums.occurrences.get(before..).unwrap_or_default();
        groups.extend(new.iter().map(|one| (one.kind, one.on.month(), one.distribution.clone())));
        if groups.len() >= GROUPS {
            break;
        }
    }
    Ok(counted)
}

/// The batch that an event is about, if it counts.
fn batch_of(chained: &Chained) -> Option<&BatchId> {
    match &chained.event.target {
        Target::Batch(id) if needs_batch(chained.event.action) => Some(id),
        _ => None,
    }
}

async fn batches_of(
    conn: &mut Conn,
    events: &[Chained],
) -> Result<HashMap<BatchId, CountedBatch>, StoreError> {
    let ids: Vec<&BatchId> = events.iter().filter_map(batch_of).collect();
    if ids.is_empty() { Ok(HashMap::new()) } else { insights::counted_batches(conn, &ids).await }
}
