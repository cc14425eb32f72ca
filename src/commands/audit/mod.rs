//! Writes about the history: saved searches, and events of refused acts.

pub(crate) mod forget_search;
pub(crate) mod refuse;
pub(crate) mod save_search;

pub use forget_search::forget_search;
pub use refuse::{Attempt, refuse, refuse_attempt};
pub use save_search::{SearchToSave, save_search};
