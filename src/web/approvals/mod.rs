//! Approvals: requests that wait for a second person, and what became of earlier ones.

mod decide;
mod list;

pub use decide::{approve, decline};
pub use list::list;
