//! Fills in the form with items that were sent before, or that are known to need it.

use crate::{
    commands,
    domain::{
        checks::ExpectedContent,
        id::{DistributionId, InvalidationId},
        invalidations::item::Item,
    },
    http::session::Visitor,
    store::{
        Conn, StoreError, audit,
        invalidations::{self, batches},
    },
};

use super::{super::view, RequestForm};

/// Fills in the form with an earlier invalidation. `false` if its rows differ from what the history recorded.
pub(super) async fn fill_from(
    conn: &mut Conn,
    visitor: &Visitor,
    form: &mut RequestForm,
    id: &InvalidationId,
    are_checks_on: bool,
) -> Result<bool, StoreError> {
    let earlier = invalidations::find(conn, id).await?;
    let Some(earlier) = earlier.filter(|one| visitor.access.sees(&one.distribution)) else { return Ok(true) };
    let batches = batches::of_invalidation(conn, id).await?;
    if audit::contradiction_of(conn, &earlier, &batches).await?.is_some() {
        return Ok(false);
    }
    let mut items: Vec<Item> = batches.into_iter().flat_map(|batch| batch.items).collect();
    // An item appears twice if its batch was given up and another batch replaced it.
    items.sort_unstable();
    items.dedup();
    let is_exact = form.fill_with_items(conn, visitor, &earlier.distribution, &items).await?;
    form.exact = is_exact.then(|| "yes".to_owned());
    form.reason = earlier.reason;
    form.gone = (earlier.expected == ExpectedContent::Gone).then(|| "yes".to_owned());
    form.warm = (earlier.warm && are_checks_on).then(|| "yes".to_owned());
    Ok(true)
}

impl RequestForm {
    /// Fills in these items of this distribution. Whether the form has to send exactly these lines, so that it sends these
    /// items.
    pub(super) async fn fill_with_items(
        &mut self,
        conn: &mut Conn,
        visitor: &Visitor,
        id: &DistributionId,
        items: &[Item],
    ) -> Result<bool, StoreError> {
        self.distribution = id.to_string();
        let Some(distribution) = view::distribution(conn, visitor, id).await? else { return Ok(false) };
        let (lines, have_to_be_exact) =
            commands::item_lines(conn, items, &distribution, &visitor.access).await?;
        (self.items, self.as_sent) = (lines.text, lines.as_sent);
        Ok(have_to_be_exact)
    }
}
