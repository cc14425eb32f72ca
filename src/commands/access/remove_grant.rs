//! Removes a grant. A person without any grant left may do nothing until an administrator adds a grant or widens
//! the person.

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

/// Removes the grant. `named` gives the name of its subject for the history.
pub async fn remove_grant(
    context: &CommandContext,
    acting: &Acting,
    id: &GrantId,
    named: impl Fn(&Grant) -> String,
) -> Result<(), CommandError> {
    let tx = context.db.begin().await?;
    let what = Target::act("remove a grant");
    let mut tx = authorize::check_admin(context, tx, acting, &what).await?;
    // The lock makes two removals of the same grant run one after the other. The second one gets `NotFound`.
    people::lock_admins(&mut tx).await?;
    let grant = grants::find(&mut tx, id).await?.ok_or(CommandError::NotFound)?;
    write_removal(context, &mut tx, acting, &grant, &named(&grant)).await?;
    context.commit(tx).await?;
    Ok(())
}

/// Writes the removal and its event. The caller commits.
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
