//! The pure heart: what an item, a plan, a batch and an audit event are, and how they change.
//!
//! No async, no SQL, no HTTP, no AWS. Whatever depends on the time is handed `now`.

pub mod access;
pub mod actor;
pub mod audit;
pub mod aws_cli;
pub mod batching;
pub mod distribution;
pub mod encoding;
pub mod id;
pub mod invalidation;
pub mod item;
pub mod pace;
pub mod person;
pub mod plan;
pub mod price;
pub mod problem;
pub mod queue;
pub mod retry;
pub mod saved_search;
pub mod secret;
pub mod ticket;
pub mod time;
