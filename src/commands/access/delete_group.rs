//! Deletes a group and its grants.

use crate::{
    commands::{CommandContext, CommandError},
    domain::{
        access::grant::{Subject, SubjectKind},
        actor::Acting,
        audit::{Action, Event, Target},
    },
    store::{
        access::{grants, local_groups},
        audit,
        sign_in::people,
    },
};

use super::{authorize, remove_grant::write_removal};

/// The members may do less afterwards, never more: a member who was narrowed by the group's grants stays narrowed.
pub async fn delete_group(context: &CommandContext, acting: &Acting, name: &str) -> Result<(), CommandError> {
    let tx = context.db.begin().await?;
    let what = Target::act("delete a group");
    let mut tx = authorize::check_admin(context, tx, acting, &what).await?;
    people::lock_admins(&mut tx).await?;
    // A provider may report a group with the same name. This command must not remove the grants of that one.
    if !local_groups::exists(&mut tx, name).await? {
        return Err(CommandError::NotFound);
    }
    let subject = Subject { kind: SubjectKind::Group, id: name.to_owned() };
    for grant in grants::of_subject(&mut tx, subject.kind, name).await? {
        write_removal(context, &mut tx, acting, &grant, name).await?;
    }
    local_groups::delete(&mut tx, name).await?;
    let mut event = Event::new(context.clock.now(), acting, Action::GroupDeleted);
    event.target = Target::Group(name.to_owned());
    name.clone_into(&mut event.old);
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok(())
}
