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

/// Deletes one of the person's own searches, or one for everyone, which only an administrator may. `NotFound` for a
/// search of somebody else.
pub async fn forget_search(
    context: &CommandContext,
    acting: &Acting,
    person: &PersonId,
    id: &str,
) -> Result<(), CommandError> {
    let tx = context.db.begin().await?;
    let mut tx = authorize::check_session(context, tx, acting, "delete a saved search").await?;
    let own = saved_searches::own(&mut tx, person).await?;
    let all = own.into_iter().chain(saved_searches::for_everyone(&mut tx).await?);
    let Some(search) = all.into_iter().find(|search| search.id == id) else {
        return Err(CommandError::NotFound);
    };
    if search.for_everyone {
        let what = Target::act("delete a search that is for everyone");
        tx = authorize::check_admin(context, tx, acting, &what).await?;
    }
    saved_searches::delete(&mut tx, id).await?;
    let mut event = Event::new(context.clock.now(), acting, Action::SearchForgotten);
    event.target = Target::Search(id.to_owned());
    event.note = search.name;
    if search.for_everyone {
        "for_everyone".clone_into(&mut event.old);
    }
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok(())
}
