//! The items of an event, wherever they are listed.

use crate::domain::{audit::Event, id::ProposalId, item::Item};

use super::super::{Conn, StoreError, batches, proposals};

/// Those that stand in the event; of a long list, those of the batches of its invalidation, or of the request for
/// approval.
pub async fn items_of(conn: &mut Conn, event: &Event) -> Result<Vec<Item>, StoreError> {
    if !event.items.shown.is_empty() || event.items.count == 0 {
        return Ok(event.items.shown.clone());
    }
    if let Some(invalidation) = &event.invalidation {
        return batches::items_of(conn, invalidation).await;
    }
    if event.target.kind == "proposal" {
        let id = ProposalId::from_trusted(event.target.id.as_str());
        return Ok(proposals::find(conn, &id, event.at).await?.map_or_else(Vec::new, |found| found.items));
    }
    Ok(Vec::new())
}
