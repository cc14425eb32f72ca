//! Saves a search of the history for a person.

use crate::{
    commands::{CommandContext, CommandError, access::authorize, new_uuid},
    domain::{
        actor::Acting,
        audit::{
            Action, Event, Target,
            saved_search::{EACH_MAX, SavedSearch},
        },
        id::PersonId,
    },
    store::audit::{self, saved_searches},
};

/// Saves the search. The caller has checked the name and the query.
pub async fn save_search(
    context: &CommandContext,
    acting: &Acting,
    person: &PersonId,
    name: &str,
    query: &str,
) -> Result<(), CommandError> {
    let now = context.clock.now();
    let tx = context.db.begin().await?;
    let mut tx = authorize::check_session(context, tx, acting, "keep a search").await?;
    if saved_searches::list(&mut tx, person).await?.len() >= EACH_MAX {
        return Err(CommandError::TooManySearches(EACH_MAX));
    }
    let search = SavedSearch {
        id: new_uuid().to_string(),
        name: name.to_owned(),
        query: query.to_owned(),
        created_at: now,
    };
    saved_searches::insert(&mut tx, person, &search).await?;
    let mut event = Event::new(now, acting, Action::SearchSaved);
    event.target = Target::Search(search.id.clone());
    event.note = search.name;
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok(())
}
