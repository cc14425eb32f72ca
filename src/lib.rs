//! Unstale: the desk where a team refreshes what Amazon CloudFront serves.
//!
//! The map of the house, and who may import whom (kept by `tests/it/layers.rs`):
//!
//! ```text
//! domain ← store ← ops ← web, api     domain ← cloudfront          domain ← identity ← web
//! {domain, store, cloudfront} ← worker      everything ← app ← cli, main
//! ```
//!
//! `domain` is pure. `store` holds all SQL. `cloudfront` is the only user of the AWS SDK. Each file of `ops` is one
//! command of a person: one transaction that changes state and writes the audit event. `identity` asks providers and
//! proxies who somebody is. `worker` talks to CloudFront between two transactions, never inside one. `web` and `api`
//! read through `store` and write through `ops`; they do not know each other. `clock`, `wake`, `heartbeats`, `step`
//! and `http` are free to all but `domain`, which is handed `now`.

pub mod api;
pub mod app;
pub mod cli;
pub mod clock;
pub mod cloudfront;
pub mod commands;
pub mod config;
pub mod domain;
pub mod failpoint;
pub mod heartbeats;
pub mod http;
pub mod identity;
pub mod notify;
pub mod store;
pub mod web;
pub mod workers;
