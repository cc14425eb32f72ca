//! Sets where the files that tools name are found on the site of a distribution.

use crate::{
    commands::{CommandContext, CommandError, access::authorize},
    domain::{
        actor::Acting,
        audit::{Action, Event, Target},
        distributions::path_mapping::{self, PathMapping},
        id::DistributionId,
    },
    store::{
        audit,
        distributions::{self, path_mappings},
    },
};

/// Replaces the mappings. The event is written even if nothing changes.
pub async fn set_path_mappings(
    context: &CommandContext,
    acting: &Acting,
    id: &DistributionId,
    new: &[PathMapping],
) -> Result<(), CommandError> {
    let tx = context.db.begin().await?;
    let what = Target::act("set the path mappings of a distribution");
    let mut tx = authorize::check_admin(context, tx, acting, &what).await?;
    if distributions::find(&mut tx, id).await?.is_none() {
        return Err(CommandError::NotFound);
    }
    let old = path_mappings::of(&mut tx, id).await?;
    path_mappings::set(&mut tx, id, new).await?;
    let mut event = Event::new(context.clock.now(), acting, Action::PathMappingsChanged);
    event.target = Target::Distribution(id.clone());
    event.distribution = Some(id.clone());
    event.old = path_mapping::describe(&old);
    event.new = path_mapping::describe(new);
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok(())
}
