//! The sandbox seen from outside: over HTTP, on a clock that only moves when a test moves it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail loudly")]

mod batches;
mod caching;
mod configured;
mod connections;
mod control;
mod edge_rules;
mod error_pages;
mod eviction;
mod front;
mod identity;
mod limits;
mod listing;
mod lists;
mod measured;
mod origins;
mod persistence;
mod references;
mod staging;
mod support;
mod tls;
