//! Takes a grant away. Whoever has none left may do nothing until an administrator says otherwise.

use crate::{
    commands::{CommandContext, CommandError},
    domain::{
        access::grant::Grant,
        actor::Acting,
        audit::{Action, Event, Target},
        id::GrantId,
    },
    store::{Tx, access::grants, audit, sign_in::people},
};

use super::authorize;

/// Removes the grant; `named` tells how the history calls whom it was for.
pub async fn remove_grant(
    context: &CommandContext,
    acting: &Acting,
    id: &GrantId,
    named: impl Fn(&Grant) -> String,
) -> Result<(), CommandError> {
    let tx = context.db.begin().await?;
    let what = Target::act("remove a grant");
    let mut tx = authorize::check_admin(context, tx, acting, &what).await?;
    // One after the other: of two at once the second one finds none.
    people::lock_admins(&mut tx).await?;
    let grant = grants::find(&mut tx, id).await?.ok_or(CommandError::NotFound)?;
    write_removal(context, &mut tx, acting, &grant, &named(&grant)).await?;
    context.commit(tx).await?;
    Ok(())
}

/// Writes the removal and its event into a transaction that may do more.
pub(super) async fn write_removal(
    context: &CommandContext,
    tx: &mut Tx,
    acting: &Acting,
    grant: &Grant,
    named: &str,
) -> Result<(), CommandError> {
    if !grants::delete(tx, &grant.id).await? {
        return Err(CommandError::NotFound);
    }
    let mut event = Event::new(context.clock.now(), acting, Action::GrantRemoved);
    event.target = Target::Grant(grant.id.clone());
    event.old = format!("{} {named}: {}", grant.subject.kind.as_str(), grant.describe());
    audit::append(tx, event);
    Ok(())
}
