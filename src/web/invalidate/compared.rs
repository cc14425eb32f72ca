//! The plan beside the last request of the distribution.

use crate::{
    domain::{
        distributions::distribution::Distribution,
        invalidations::{item::Item, plan::Plan},
        time::Timestamp,
    },
    http::session::Visitor,
    store::{
        Conn, StoreError,
        invalidations::{self, batches},
    },
};

use super::super::view::When;

/// The largest request that a plan is compared with. It is read again with each letter that is typed.
const ITEMS_MAX: usize = 3_000;
/// How many paths are named.
const SHOWN: usize = 20;

/// The plan beside the last request, as the page shows it.
#[derive(Debug, Clone)]
pub struct ComparedView {
    pub when: When,
    /// `6 new, 24 as then, 2 not there now`
    pub words: String,
    pub new: Vec<String>,
    pub missing: Vec<String>,
}

/// Compares the plan with the last request. `None` if they have nothing in common, and for a visitor who may not see all
/// of the distribution's paths.
pub async fn with_the_last(
    conn: &mut Conn,
    visitor: &Visitor,
    distribution: &Distribution,
    plan: &Plan,
    now: Timestamp,
) -> Result<Option<ComparedView>, StoreError> {
    if visitor.access.is_narrowed() || plan.items.len() < 2 {
        return Ok(None);
    }
    let Some(last) = invalidations::of_distribution(conn, &distribution.id, 1).await?.pop() else {
        return Ok(None);
    };
    if last.item_count > ITEMS_MAX {
        return Ok(None);
    }
    let compared = plan.compared_to(&batches::items_of(conn, &last.id).await?);
    if compared.same == 0 {
        return Ok(None);
    }
    let words = if compared.new.is_empty() && compared.missing.is_empty() {
        "the same paths".to_owned()
    } else {
        format!(
            "{} new, {} unchanged, {} no longer there",
            compared.new.len(),
            compared.same,
            compared.missing.len()
        )
    };
    let named = |items: &[Item]| items.iter().take(SHOWN).map(ToString::to_string).collect();
    Ok(Some(ComparedView {
        when: When::new(last.requested_at, now),
        words,
        new: named(&compared.new),
        missing: named(&compared.missing),
    }))
}
