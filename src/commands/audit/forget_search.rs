//! Deletes a saved search of a person.

use crate::{
    commands::{CommandContext, CommandError, access::authorize},
    domain::{
        actor::Acting,
        audit::{Action, Event, Target},
        id::PersonId,
    },
    store::audit::{self, saved_searches},
};

/// Deletes one of the person's own searches. `NotFound` for a search of somebody else.
pub async fn forget_search(
    context: &CommandContext,
    acting: &Acting,
    person: &PersonId,
    id: &str,
) -> Result<(), CommandError> {
    let tx = context.db.begin().await?;
    let mut tx = authorize::check_session(context, tx, acting, "forget a search").await?;
    let all = saved_searches::list(&mut tx, person).await?;
    let Some(search) = all.into_iter().find(|search| search.id == id) else {
        return Err(CommandError::NotFound);
    };
    saved_searches::delete(&mut tx, person, id).await?;
    let mut event = Event::new(context.clock.now(), acting, Action::SearchForgotten);
    event.target = Target::Search(id.to_owned());
    event.note = search.name;
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok(())
}
