//! The distributions: the list that sync keeps, and the page of one with its invalidations.

mod list;
mod refresh;
mod show;

pub use list::list;
pub use refresh::refresh;
pub use show::show;
