//! A request for the same items that already waits for approval. A second one would need a second approval.

use std::collections::HashSet;

use crate::{
    domain::{distributions::distribution::Distribution, invalidations::plan::Plan, time::Timestamp},
    http::session::Visitor,
    store::{Conn, StoreError, audit, invalidations::proposals},
};

use super::super::view::When;

/// The number of waiting requests that are compared with the plan.
const LOOKED_AT: usize = 20;

/// A waiting request as the form shows it.
#[derive(Debug, Clone)]
pub struct SameWaiting {
    pub id: String,
    pub who: String,
    pub when: When,
    /// Whether this visitor made it, so that another person has to approve it.
    pub own: bool,
}

/// The oldest request that waits at the distribution and has all items of the plan. One that differs from what the history
/// recorded is left out, because nobody can approve it.
pub async fn find(
    conn: &mut Conn,
    visitor: &Visitor,
    distribution: &Distribution,
    plan: &Plan,
    now: Timestamp,
) -> Result<Option<SameWaiting>, StoreError> {
    for waiting in proposals::waiting_at(conn, &distribution.id, LOOKED_AT, now).await? {
        let items: HashSet<_> = waiting.items.iter().collect();
        let has_all = plan.items.iter().all(|item| items.contains(item));
        if has_all && audit::contradiction_of_proposal(conn, &waiting, now).await?.is_none() {
            return Ok(Some(SameWaiting {
                id: waiting.id.to_string(),
                who: waiting.asked_by.name().to_owned(),
                when: When::new(waiting.asked_at, now),
                own: waiting.behind == visitor.person.id.as_str(),
            }));
        }
    }
    Ok(None)
}
