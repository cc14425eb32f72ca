//! Takes a grant away. Whoever has none left may do all that their role allows.

use crate::{
    domain::{
        actor::Acting,
        audit::{Action, Event, Target},
        grant::Grant,
        id::GrantId,
    },
    store::{audit, grants},
};

use super::{Desk, OpError, allow};

/// Removes the grant; `named` tells how the history calls whom it was for.
pub async fn remove_grant(
    desk: &Desk,
    acting: &Acting,
    id: &GrantId,
    named: impl Fn(&Grant) -> String,
) -> Result<(), OpError> {
    let tx = desk.db.begin().await?;
    let what = Target::new("act", "remove a grant");
    let mut tx = allow::check_admin(desk, tx, acting, &what).await?;
    let grant = grants::find(&mut tx, id).await?.ok_or(OpError::NotFound)?;
    if !grants::delete(&mut tx, id).await? {
        return Err(OpError::NotFound);
    }
    let mut event = Event::new(desk.clock.now(), acting, Action::GrantRemoved);
    event.target = Target::new("grant", id.as_str());
    event.old = format!("{} {}: {}", grant.subject.kind.as_str(), named(&grant), grant.words());
    audit::append(&mut tx, event).await?;
    desk.commit(tx).await?;
    Ok(())
}
