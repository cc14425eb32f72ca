//! Unstale: a web service with which a team invalidates what Amazon CloudFront caches.
//!
//! The lowest layers are crates of the workspace, so that the compiler enforces which of them may import which.
//! This crate is the program on top of them; `tests/it/layers.rs` enforces the same order among its modules:
//!
//! ```text
//! domain ← store ← commands ← http ← web, api     domain ← cloudfront, identity     outgoing ← cloudfront, identity
//! {domain, store, cloudfront, edge} ← workers     {domain, edge} ← config           everything ← app ← cli, main
//! ```
//!
//! `domain` is pure. `store` holds all SQL. `cloudfront` is the only user of the AWS SDK. `identity` asks providers
//! and proxies who somebody is. `outgoing` is the HTTP client for everything but AWS
//! and the edge. `edge` looks at what viewers get. Each file of `commands` is
//! one command of a person or token: one transaction that changes state and writes the audit event. `workers` call
//! CloudFront between two transactions, never inside one. `http` is what pages and API share: the server, the
//! middleware of each request, and the identification of the caller. `web` and `api` read through `store` and write
//! through `commands`; neither imports the other. `config` holds the settings as plain values. Every module may
//! import `clock`, `notify`, `heartbeats`, `backup_status`, `keyed_limit`, `metrics`, `traces`, `file_thread` and
//! `failpoint`.

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
pub use unstale_edge as edge;
pub use unstale_identity as identity;
pub use unstale_outgoing as outgoing;
pub use unstale_runtime::{
    backup_status, clock, failpoint, file_thread, heartbeats, keyed_limit, metrics, notify, traces,
};
pub use unstale_store as store;
