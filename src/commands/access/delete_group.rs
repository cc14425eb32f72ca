//! Deletes a group that no grant names.

use crate::{
    commands::{CommandContext, CommandError},
    domain::{
        access::grant::{GroupError, Subject, SubjectKind},
        actor::Acting,
        audit::{Action, Event, Target},
    },
    store::{
        access::{grants, local_groups},
        audit,
    },
};

use super::authorize;

/// With its grants gone the members might be free to do more, so those are removed first, one by one.
pub async fn delete_group(context: &CommandContext, acting: &Acting, name: &str) -> Result<(), CommandError> {
    let tx = context.db.begin().await?;
    let what = Target::new("act", "delete a group");
    let mut tx = authorize::check_admin(context, tx, acting, &what).await?;
    let subject = Subject { kind: SubjectKind::Group, id: name.to_owned() };
    if grants::count_of(&mut tx, &subject).await? > 0 {
        return Err(GroupError::HasGrants.into());
    }
    if !local_groups::delete(&mut tx, name).await? {
        return Err(CommandError::NotFound);
    }
    let mut event = Event::new(context.clock.now(), acting, Action::GroupDeleted);
    event.target = Target::new("group", name);
    name.clone_into(&mut event.old);
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok(())
}
