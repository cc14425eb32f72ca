//! Notification channels, and the messages that they get. What happened is read out of the history, which is written with
//! the act in one transaction: so no notice is lost, and no command has to write one.

pub mod channels;
mod claims;
pub mod messages;
mod outcomes;
mod progress;
mod rules;
pub mod scopes;

pub use claims::{ClaimedMessage, DueChannel, claim, due_channels, release_all};
pub use outcomes::{delete_expired, set_delivered, set_failed, set_gone};
pub use progress::{advance, progress, start_at_head};
