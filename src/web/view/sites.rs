//! The distributions that a visitor may see.

use crate::{
    domain::{distribution::Distribution, id::DistributionId},
    store::{Conn, StoreError, distributions},
};

use super::super::auth::Visitor;

/// All that they may see.
pub async fn sites(conn: &mut Conn, visitor: &Visitor) -> Result<Vec<Distribution>, StoreError> {
    let mut all = distributions::list(conn).await?;
    all.retain(|site| visitor.access.sees(&site.id));
    Ok(all)
}

/// One of them; `None` for one that they may not see, as if it were not there.
pub async fn site(
    conn: &mut Conn,
    visitor: &Visitor,
    id: &DistributionId,
) -> Result<Option<Distribution>, StoreError> {
    if visitor.access.sees(id) { distributions::find(conn, id).await } else { Ok(None) }
}
