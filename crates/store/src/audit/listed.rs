//! The items of an event, wherever they are stored.

use unstale_domain::{
    audit::{Event, ItemsRecord, Target},
    invalidations::item::Item,
};

use super::super::{Conn, StoreError};
use crate::invalidations::{batches, proposals};

/// The items of an event. A short list is stored in the event. A long list is stored in the event's batch, in the
/// batches of its invalidation, or in the proposal. `None` if that list was deleted, or if its number of items or
/// its hash is not what the event states. No page may show such a list as a part of the history.
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

/// Like [`items_as_recorded`], but logs an error and returns an empty list instead of `None`.
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

/// The stored lists that the event may refer to.
async fn listed(conn: &mut Conn, event: &Event) -> Result<Vec<Vec<Item>>, StoreError> {
    if let Some(invalidation) = &event.invalidation {
        let batches = batches::of_invalidation(conn, invalidation).await?;
        let own = batches.iter().find(|batch| matches!(&event.target, Target::Batch(id) if *id == batch.id));
        let own = own.map(|batch| batch.items.clone());
        let mut all: Vec<Item> = batches.into_iter().flat_map(|batch| batch.items).collect();
        all.sort();
        let mut once = all.clone();
        // After a batch was given up, another batch contains the same items. So one list has each item only once.
        once.dedup();
        return Ok(own.into_iter().chain([once, all]).collect());
    }
    if let Target::Proposal(id) = &event.target {
        let found = proposals::find(conn, id, event.at).await?;
        return Ok(found.map(|found| found.items).into_iter().collect());
    }
    Ok(Vec::new())
}
