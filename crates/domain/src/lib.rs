//! The pure heart: what an item, a plan, a batch and an audit event are, and how they change.
//!
//! No async, no SQL, no HTTP, no AWS. Whatever depends on the time is handed `now`.

pub mod access;
pub mod actor;
pub mod audit;
pub mod base_url;
pub mod causes;
pub mod distributions;
pub mod encoding;
pub mod id;
pub mod invalidations;
pub mod network;
pub mod once_a_minute;
pub mod secret;
pub mod sign_in;
pub mod storable;
pub mod time;
pub mod tokens;
