//! Saves a search of the history, for a person or for everyone.

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

/// A search to save. The caller has checked the name and the query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchToSave {
    pub name: String,
    pub query: String,
    /// Only an administrator may save one for everyone.
    pub for_everyone: bool,
}

/// Saves the search.
pub async fn save_search(
    context: &CommandContext,
    acting: &Acting,
    person: &PersonId,
    wanted: SearchToSave,
) -> Result<(), CommandError> {
    let now = context.clock.now();
    let tx = context.db.begin().await?;
    let (mut tx, known) = if wanted.for_everyone {
        let what = Target::act("save a search for everyone");
        let mut tx = authorize::check_admin(context, tx, acting, &what).await?;
        let known = saved_searches::for_everyone(&mut tx).await?;
        (tx, known)
    } else {
        let mut tx = authorize::check_session(context, tx, acting, "save a search").await?;
        let known = saved_searches::own(&mut tx, person).await?;
        (tx, known)
    };
    if known.len() >= EACH_MAX {
        return Err(CommandError::TooManySearches(EACH_MAX));
    }
    let search = SavedSearch {
        id: new_uuid().to_string(),
        name: wanted.name,
        query: wanted.query,
        created_at: now,
        for_everyone: wanted.for_everyone,
    };
    saved_searches::insert(&mut tx, person, &search).await?;
    let mut event = Event::new(now, acting, Action::SearchSaved);
    event.target = Target::Search(search.id.clone());
    event.note = search.name;
    if search.for_everyone {
        "for_everyone".clone_into(&mut event.new);
    }
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok(())
}
