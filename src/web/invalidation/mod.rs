//! One invalidation: its timeline, its items, its events, and what can be done with it.

mod batches;
mod cancel;
mod checked;
mod override_freeze;
mod parts;
mod resolve;
mod retry;
mod show;
mod together;
mod warmed;

pub use cancel::cancel;
pub use override_freeze::override_freeze;
pub use resolve::{found, not_there};
pub use retry::retry;
pub use show::show;
