//! The distributions: the list that sync keeps, and the page of one with its invalidations.

mod list;
mod optional_facts;
mod paths;
mod refresh;
mod show;
mod staging_pair;

pub use list::list;
pub use paths::{set as set_paths, show as show_paths};
pub use refresh::refresh;
pub use show::show;
