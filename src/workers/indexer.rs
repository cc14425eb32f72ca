//! Adds new events to the search index of the history, so that accepting a request does not wait for the index.

use std::{sync::Arc, time::Duration};

use tokio::sync::Mutex;

use crate::{
    clock::Clock,
    domain::{
        audit::{
            Chained,
            search::{item_key, words_of},
        },
        time::Timestamp,
    },
    store::{
        Conn, Db, StoreError,
        audit::{self, IndexEntry},
    },
};

use super::Next;

/// The maximum number of events that one tick indexes.
const EVENTS: usize = 500;
/// The maximum number of keys that one tick writes. A single event may have more.
const KEYS: usize = 20_000;
/// How long events wait for others, so that they share a transaction. The history page finds events that are not in
/// the index yet.
const TOGETHER: Duration = Duration::from_millis(500);

/// The worker that indexes events.
#[derive(Debug, Clone)]
pub struct Indexer {
    db: Db,
    clock: Clock,
    last: Arc<Mutex<Option<Timestamp>>>,
}

impl Indexer {
    #[must_use]
    pub fn new(db: Db, clock: Clock) -> Self {
        Self { db, clock, last: Arc::default() }
    }

    /// Indexes the next events, if there are any and the wait for others is over.
    pub async fn tick(&self) -> Result<Next, StoreError> {
        let mut last = self.last.lock().await;
        let now = self.clock.now();
        if let Some(due) = last.map(|last| last.plus(TOGETHER)).filter(|due| *due > now) {
            return Ok(Next::At(due));
        }
        let mut conn = self.db.read().await?;
        let reached = audit::index_reached(&mut conn).await?;
        let events = audit::after(&mut conn, reached, EVENTS).await?;
        if events.is_empty() {
            return Ok(Next::Idle);
        }
        let entries = entries(&mut conn, &events).await?;
        drop(conn);
        let to = entries.last().map_or(reached, |entry| entry.sequence);
        let mut tx = self.db.begin().await?;
        if audit::add_to_index(&mut tx, reached, to, &entries).await? {
            tx.commit().await?;
        }
        // There may be more events, or some of these did not fit into this tick.
        if entries.len() == EVENTS || entries.len() < events.len() {
            return Ok(Next::Again);
        }
        *last = Some(now);
        Ok(Next::At(now.plus(TOGETHER)))
    }
}

/// The index entries of the events: the words and items by which each is found. If there are more than `KEYS`
/// items, only the first events are returned, but at least one.
pub(super) async fn entries(conn: &mut Conn, events: &[Chained]) -> Result<Vec<IndexEntry>, StoreError> {
    let mut entries = Vec::new();
    let mut keys = 0;
    for chained in events {
        let items = audit::items_of(conn, &chained.event).await?;
        let mut item_keys: Vec<i64> = items.iter().map(item_key).collect();
        item_keys.sort_unstable();
        item_keys.dedup();
        keys += item_keys.len();
        if keys > KEYS && !entries.is_empty() {
            break;
        }
        entries.push(IndexEntry { sequence: chained.sequence, item_keys, words: words_of(&chained.event) });
    }
    Ok(entries)
}
