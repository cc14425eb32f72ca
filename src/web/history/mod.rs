//! The history: a search with pages, newest first, as invalidations with what came of them or as events; one event with
//! all its facts; and exports.

mod asked;
mod chips;
mod entries;
mod event;
mod events_of;
mod export;
mod page;
mod query;
mod row;
mod saved;
mod seal;

pub use event::show as event;
pub use events_of::show as events_of;
pub use export::{csv, jsonl, ocsf};
pub use page::show;
pub use row::describe;
pub use saved::{forget, save};

use crate::{domain::audit::visibility::Visibility, http::session::Visitor};

/// What this visitor may see of the history. `None` means everything.
fn visibility(visitor: &Visitor) -> Option<Visibility> {
    Visibility::of(&visitor.acting.actor, &visitor.access)
}
