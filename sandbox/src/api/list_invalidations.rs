//! `ListInvalidations`: a page of them, newest first, each a row of three.

use jiff::Timestamp;

use super::errors::ApiError;
use super::get_invalidation::time;
use super::paging::Page;
use super::reply::Reply;
use crate::state::State;
use crate::xml::Element;

pub(crate) fn answer(
    state: &mut State,
    now: Timestamp,
    distribution: &str,
    query: &str,
) -> Result<Reply, ApiError> {
    state.invalidatable(distribution).ok_or_else(ApiError::no_such_distribution)?;
    let page = Page::of(query)?;
    let ledger = state.ledger(distribution);
    let (rows, truncated) =
        ledger.page(page.marker.as_deref(), page.size).ok_or_else(Page::unknown_marker)?;
    let list = Element::new("InvalidationList");
    let list = page.head(list, rows.last().map(|row| row.id.as_str()), truncated);
    let rows = rows.iter().map(|row| {
        Element::new("InvalidationSummary")
            .leaf("Id", &row.id)
            .leaf("CreateTime", time(row.created_at))
            .leaf("Status", row.status(now))
    });
    Ok(Reply::ok(list.list(rows.collect())))
}
