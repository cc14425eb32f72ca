//! Unstale: the desk where a team refreshes what Amazon CloudFront serves.
//!
//! The lowest layers are crates of the workspace, so that the compiler keeps who may import whom. This is the program on
//! top of them; `tests/it/layers.rs` keeps the law among its own modules:
//!
//! ```text
//! domain ← store ← commands ← http ← web, api     domain ← cloudfront, identity     outgoing ← cloudfront, identity
//! {domain, store, cloudfront} ← workers           domain ← config                   everything ← app ← cli, main
//! ```
//!
//! `domain` is pure. `store` holds all SQL. `cloudfront` is the only user of the AWS SDK. `identity` asks providers and
//! proxies who somebody is. `outgoing` is the HTTP client for all but AWS. Each file of `commands` is one command of a
//! person: one transaction that changes state and writes the audit event. `workers` talk to CloudFront between two
//! transactions, never inside one. `http` is what pages and API share: the server, what stands around each request, and
//! who asks. `web` and `api` read through `store` and write through `commands`; they do not know each other. `config` is
//! what can be set, as plain values. `clock`, `notify`, `heartbeats`, `keyed_limit`, `file_thread` and `failpoint` are free to all.

pub mod api;
pub mod app;
pub mod cli;
pub mod commands;
pub mod config;
pub mod http;
pub mod web;
pub mod workers;

pub use unstale_cloudfront as cloudfront;
pub use unstale_domain as domain;
pub use unstale_identity as identity;
pub use unstale_outgoing as outgoing;
pub use unstale_runtime::{clock, failpoint, file_thread, heartbeats, keyed_limit, notify};
pub use unstale_store as store;
