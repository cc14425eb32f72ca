//! Grants somebody a part of a distribution. They may then use nothing that is not granted.

use crate::{
    commands::{CommandContext, CommandError},
    domain::{
        access::grant::{Grant, GrantError},
        actor::Acting,
        audit::{Action, Event, Target},
    },
    store::{access::grants, audit},
};

use super::authorize;

/// The maximum number of grants of one subject.
const MOST: usize = 100;

/// Adds the grant. `named` is the name of its subject for the history.
pub async fn add_grant(
    context: &CommandContext,
    acting: &Acting,
    grant: &Grant,
    named: &str,
) -> Result<(), CommandError> {
    let tx = context.db.begin().await?;
    let what = Target::act("add a grant");
    let mut tx = authorize::check_admin(context, tx, acting, &what).await?;
    if grants::count_of(&mut tx, &grant.subject).await? >= MOST {
        return Err(GrantError::TooMany.into());
    }
    let there = grants::of_subject(&mut tx, grant.subject.kind, &grant.subject.id).await?;
    if there.iter().any(|one| one.place == grant.place && one.scope == grant.scope) {
        return Err(GrantError::Exists.into());
    }
    let now = context.clock.now();
    grants::insert(&mut tx, grant, now).await?;
    let mut event = Event::new(now, acting, Action::GrantAdded);
    event.target = Target::Grant(grant.id.clone());
    event.new = format!("{} {named}: {}", grant.subject.kind.as_str(), grant.describe());
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok(())
}
