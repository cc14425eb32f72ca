//! Checks that the search index has the events of the chain. If one is missing, the index is built again from
//! there.

use crate::{
    domain::{
        actor::Acting,
        audit::{Action, Event},
    },
    store::{StoreError, audit},
};

use super::{super::indexer, AuditWorker, ROWS};

impl AuditWorker {
    /// Checks the events after `after` up to `upto`. Events that the indexer has not reached are not checked.
    pub(super) async fn look_at_index(&self, after: i64, upto: i64) -> Result<(), StoreError> {
        let mut conn = self.db.read().await?;
        let reached = audit::index_reached(&mut conn).await?;
        let mut events = audit::after(&mut conn, after, ROWS).await?;
        events.retain(|chained| chained.sequence <= upto.min(reached));
        let mut missing = None;
        while missing.is_none() && !events.is_empty() {
            // If events have many items, `entries` returns only the first of them.
            let entries = indexer::entries(&mut conn, &events).await?;
            missing = audit::missing_from_index(&mut conn, &entries).await?;
            events.drain(..entries.len().max(1));
        }
        // Retention may have dropped the event in the meantime, so it is not in the index either.
        let first = audit::first_sequence(&mut conn).await?;
        let Some(missing) = missing.filter(|missing| *missing >= first) else { return Ok(()) };
        drop(conn);
        tracing::error!(event = missing, "the search did not find an event of the history; it is made anew");
        let mut event = Event::new(self.clock.now(), &Acting::service(), Action::IndexMended);
        event.note = format!("the search did not find event {missing}; the index is rebuilt from there");
        let mut tx = self.db.begin().await?;
        audit::reindex_after(&mut tx, missing - 1).await?;
        audit::append(&mut tx, event);
        tx.commit().await
    }
}
