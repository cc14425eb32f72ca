//! The distributions: the list that sync keeps, and one of them with what was done to it.

mod list;
mod refresh;
mod show;

pub use list::list;
pub use refresh::refresh;
pub use show::show;
