//! The history: searched, a page at a time, newest first; one event with all its facts; and its exports.

mod asked;
mod event;
mod export;
mod page;
mod row;
mod saved;

pub use event::show as event;
pub use export::{csv, jsonl, ocsf};
pub use page::show;
pub use saved::{forget, save};

use crate::{domain::audit::visibility::Visibility, http::session::Visitor};

/// What this person may see of the history; `None` is everything.
fn visibility(visitor: &Visitor) -> Option<Visibility> {
    Visibility::of(&visitor.acting.actor, &visitor.access)
}
