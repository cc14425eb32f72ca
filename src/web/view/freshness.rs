//! What viewers get after each invalidation of a list, in one query.

use std::collections::HashMap;

use crate::{
    domain::{checks::Freshness, id::InvalidationId, invalidations::invalidation::Invalidation},
    store::{Conn, StoreError, checks},
};

/// The freshness of each of these invalidations that has checks.
pub async fn freshness(
    conn: &mut Conn,
    list: &[Invalidation],
) -> Result<HashMap<InvalidationId, Freshness>, StoreError> {
    let ids: Vec<_> = list.iter().map(|one| &one.id).collect();
    checks::freshness_of(conn, &ids).await
}
