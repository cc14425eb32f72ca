//! The JSON API over HTTP, as a pipeline uses it.

mod contract;
mod create;
mod doors;
mod idempotency;
mod look;
mod program;
