//! The items of an event, wherever they are listed.

use unstale_domain::{
    audit::{Event, ItemsRecord, Target},
    invalidations::item::Item,
};

use super::super::{Conn, StoreError};
use crate::invalidations::{batches, proposals};

/// Those that stand in the event; of a long list, those of its batch, of the batches of its invalidation, or of the
/// request for approval. `None` where that list is gone, or is not the one that the event states by number and hash: it
/// must pass for the history nowhere.
pub async fn items_as_recorded(conn: &mut Conn, event: &Event) -> Result<Option<Vec<Item>>, StoreError> {
    if !event.items.shown.is_empty() || event.items.count == 0 {
        return Ok(Some(event.items.shown.clone()));
    }
    let listed = listed(conn, event).await?;
    Ok(listed.into_iter().find(|items| {
        let found = ItemsRecord::of(items);
        found.count == event.items.count && found.sha256 == event.items.sha256
    }))
}

/// The same, where a list that is not the recorded one counts as none.
pub async fn items_of(conn: &mut Conn, event: &Event) -> Result<Vec<Item>, StoreError> {
    let items = items_as_recorded(conn, event).await?;
    if items.is_none() {
        tracing::error!(
            action = event.action.as_str(),
            target = event.target.id(),
            "the items of an event are not those that the history recorded; they are passed over"
        );
    }
    Ok(items.unwrap_or_default())
}

/// The lists that it may mean.
async fn listed(conn: &mut Conn, event: &Event) -> Result<Vec<Vec<Item>>, StoreError> {
    if let Some(invalidation) = &event.invalidation {
        let batches = batches::of_invalidation(conn, invalidation).await?;
        let own = batches.iter().find(|batch| matches!(&event.target, Target::Batch(id) if *id == batch.id));
        let own = own.map(|batch| batch.items.clone());
        let mut all: Vec<Item> = batches.into_iter().flat_map(|batch| batch.items).collect();
        all.sort();
        let mut once = all.clone();
        // A batch that was given up stands beside the one that took its place.
        once.dedup();
        return Ok(own.into_iter().chain([once, all]).collect());
    }
    if let Target::Proposal(id) = &event.target {
        let found = proposals::find(conn, id, event.at).await?;
        return Ok(found.map(|found| found.items).into_iter().collect());
    }
    Ok(Vec::new())
}
