//! Sets where the files that tools name are found on the site of a distribution.

use crate::{
    commands::{CommandContext, CommandError, access::authorize},
    domain::{
        actor::Acting,
        audit::{Action, Event, Target},
        distributions::path_mapping::{self, MAPPINGS_MAX, PathMapping},
        id::DistributionId,
    },
    store::{
        Tx, audit,
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
    let mut tx = begin(context, acting, id).await?;
    let old = path_mappings::of(&mut tx, id).await?;
    replace(context, acting, &mut tx, id, &old, new).await?;
    context.commit(tx).await?;
    Ok(())
}

/// Adds a mapping. One of the same files is replaced.
pub async fn add_path_mapping(
    context: &CommandContext,
    acting: &Acting,
    id: &DistributionId,
    mapping: PathMapping,
) -> Result<(), CommandError> {
    let mut tx = begin(context, acting, id).await?;
    let old = path_mappings::of(&mut tx, id).await?;
    let mut new: Vec<PathMapping> = old.iter().filter(|one| one.from() != mapping.from()).cloned().collect();
    new.push(mapping);
    if new.len() > MAPPINGS_MAX {
        return Err(CommandError::TooManyMappings(MAPPINGS_MAX));
    }
    replace(context, acting, &mut tx, id, &old, &new).await?;
    context.commit(tx).await?;
    Ok(())
}

/// A transaction of an administrator about a distribution that there is.
async fn begin(context: &CommandContext, acting: &Acting, id: &DistributionId) -> Result<Tx, CommandError> {
    let tx = context.db.begin().await?;
    let what = Target::act("set the path mappings of a distribution");
    let mut tx = authorize::check_admin(context, tx, acting, &what).await?;
    if distributions::find(&mut tx, id).await?.is_none() {
        return Err(CommandError::NotFound);
    }
    Ok(tx)
}

async fn replace(
    context: &CommandContext,
    acting: &Acting,
    tx: &mut Tx,
    id: &DistributionId,
    old: &[PathMapping],
    new: &[PathMapping],
) -> Result<(), CommandError> {
    path_mappings::set(tx, id, new).await?;
    let mut event = Event::new(context.clock.now(), acting, Action::PathMappingsChanged);
    event.target = Target::Distribution(id.clone());
    event.distribution = Some(id.clone());
    event.old = path_mapping::describe(old);
    event.new = path_mapping::describe(new);
    audit::append(tx, event);
    Ok(())
}
