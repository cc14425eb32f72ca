//! Whether the search finds what the chain has: an index from which somebody took an event away is made anew.

use crate::{
    domain::{
        actor::Acting,
        audit::{Action, Event},
    },
    store::{StoreError, audit},
};

use super::{super::indexer, AuditWorker, ROWS};

impl AuditWorker {
    /// Looks whether the index names the events behind one and up to another, as far as it goes.
    pub(super) async fn look_at_index(&self, after: i64, upto: i64) -> Result<(), StoreError> {
        let mut conn = self.db.read().await?;
        let reached = audit::index_reached(&mut conn).await?;
        let mut events = audit::after(&mut conn, after, ROWS).await?;
        events.retain(|chained| chained.sequence <= upto.min(reached));
        let mut missing = None;
        while missing.is_none() && !events.is_empty() {
            // Of events with long lists only some at once.
            let entries = indexer::entries(&mut conn, &events).await?;
            missing = audit::missing_from_index(&mut conn, &entries).await?;
            events.drain(..entries.len().max(1));
        }
        // What was dropped meanwhile is not found either.
        let first = audit::first_sequence(&mut conn).await?;
        let Some(missing) = missing.filter(|missing| *missing >= first) else { return Ok(()) };
        drop(conn);
        tracing::error!(event = missing, "the search did not find an event of the history; it is made anew");
        let mut event = Event::new(self.clock.now(), &Acting::service(), Action::IndexMended);
        event.note = format!("the search did not find event {missing}; it is made anew from there");
        let mut tx = self.db.begin().await?;
        audit::reindex_after(&mut tx, missing - 1).await?;
        audit::append(&mut tx, event);
        tx.commit().await
    }
}
