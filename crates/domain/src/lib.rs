//! The domain: items, plans, batches, access and audit events, and the rules by which they change.
//!
//! This crate has no async, SQL, HTTP or AWS code. Functions that depend on the time take `now` as a parameter.

pub mod access;
pub mod actor;
pub mod audit;
pub mod backups;
pub mod base_url;
pub mod causes;
pub mod checks;
pub mod distributions;
pub mod encoding;
pub mod examination;
pub mod id;
pub mod insights;
pub mod invalidations;
pub mod network;
pub mod notifications;
pub mod once_a_minute;
mod parallel;
pub mod secret;
pub mod secrets_key;
pub mod sign_in;
pub mod storable;
pub mod time;
pub mod tokens;
pub mod trace_parent;
