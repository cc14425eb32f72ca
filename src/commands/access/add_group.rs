//! Adds a group that grants can name.

use crate::{
    commands::{CommandContext, CommandError},
    domain::{
        access::grant::GroupError,
        actor::Acting,
        audit::{Action, Event, Target},
    },
    store::{StoreError, access::local_groups, audit},
};

use super::authorize;

pub async fn add_group(context: &CommandContext, acting: &Acting, name: &str) -> Result<(), CommandError> {
    let tx = context.db.begin().await?;
    let what = Target::act("add a group");
    let mut tx = authorize::check_admin(context, tx, acting, &what).await?;
    let now = context.clock.now();
    match local_groups::insert(&mut tx, name, now).await {
        Err(StoreError::Duplicate(_)) => return Err(GroupError::Exists.into()),
        other => other?,
    }
    let mut event = Event::new(now, acting, Action::GroupAdded);
    event.target = Target::Group(name.to_owned());
    name.clone_into(&mut event.new);
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok(())
}
