//! Lets a person act everywhere again after grants had narrowed them.

use crate::{
    commands::{CommandContext, CommandError},
    domain::{
        access::{ScopeKind, grant::GrantError},
        actor::Acting,
        audit::{Action, Event, Target},
        id::PersonId,
    },
    store::{access::grants, audit, sign_in::people},
};

use super::authorize;

/// Widens the person to all that the role allows. `StillHeld` if the person or one of their groups still has a
/// grant, because it would narrow the person again at once.
pub async fn widen_person(
    context: &CommandContext,
    acting: &Acting,
    id: &PersonId,
) -> Result<(), CommandError> {
    let mut tx = context.db.begin().await?;
    people::lock_admins(&mut tx).await?;
    let what = Target::act("let a person act everywhere");
    let mut tx = authorize::check_admin(context, tx, acting, &what).await?;
    let (person, _) = people::find_by_id(&mut tx, id).await?.ok_or(CommandError::NotFound)?;
    if person.scope == ScopeKind::Everything {
        return Err(CommandError::TooLate);
    }
    if !grants::of_person(&mut tx, id).await?.is_empty() {
        return Err(GrantError::StillHeld.into());
    }
    people::set_scope(&mut tx, id, ScopeKind::Everything).await?;
    let mut event = Event::new(context.clock.now(), acting, Action::ScopeWidened);
    event.target = Target::Person(person.id.clone());
    event.note.clone_from(&person.email);
    person.scope.as_str().clone_into(&mut event.old);
    ScopeKind::Everything.as_str().clone_into(&mut event.new);
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok(())
}
