//! Fills in the form with the changed files of a distribution's bucket.

use crate::{
    domain::{
        checks::{BucketChanges, BucketComparison},
        id::DistributionId,
        invalidations::item::Item,
    },
    http::session::Visitor,
    store::{Conn, StoreError, checks},
};

use super::RequestForm;

/// Fills in the form with the changed files of a distribution that the visitor may refresh.
pub(super) async fn fill_with_changes(
    conn: &mut Conn,
    visitor: &Visitor,
    form: &mut RequestForm,
    id: &DistributionId,
) -> Result<(), StoreError> {
    if !visitor.access.sees(id) {
        return Ok(());
    }
    let changes = checks::changes::find(conn, id).await?;
    let items =
        changes.as_ref().and_then(BucketChanges::comparison).into_iter().flat_map(BucketComparison::items);
    let items: Vec<Item> = items.filter(|item| visitor.access.covers(id, item)).collect();
    form.fill_with_items(conn, visitor, id, &items).await?;
    Ok(())
}
