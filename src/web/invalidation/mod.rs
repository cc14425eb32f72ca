//! One invalidation: its timeline, its items, what happened to it, and what can be done.

mod cancel;
mod parts;
mod retry;
mod show;

pub use cancel::cancel;
pub use retry::retry;
pub use show::show;
