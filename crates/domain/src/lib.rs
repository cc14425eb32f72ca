//! The pure heart: what an item, a plan, a batch and an audit event are, and how they change.
//!
//! No async, no SQL, no HTTP, no AWS. Whatever depends on the time is handed `now`.

pub mod access;
pub mod actor;
pub mod attempted;
pub mod audit;
pub mod aws_cli;
pub mod base_url;
pub mod batching;
pub mod claims;
pub mod distribution;
pub mod distribution_reference;
pub mod encoding;
pub mod grant;
pub mod grant_scope;
pub mod host;
pub mod host_table;
pub mod id;
pub mod idempotency;
pub mod invalidation;
pub mod item;
pub mod network;
pub mod once_a_minute;
pub mod outside;
pub mod pace;
pub mod password;
pub mod person;
pub mod plan;
pub mod price;
pub mod problem;
pub mod proposal;
pub mod protection;
pub mod queue;
pub mod quotas;
pub mod reason;
pub mod retry;
pub mod run_url;
pub mod saved_search;
pub mod second_step;
pub mod secret;
pub mod session;
pub mod storable;
pub mod throttle;
pub mod ticket;
pub mod time;
pub mod token;
