//! Approvals: the requests that wait for a second person, and how earlier ones were decided.

mod decide;
mod list;

pub use decide::{approve, decline};
pub use list::list;
