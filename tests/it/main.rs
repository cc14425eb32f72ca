//! Everything that is tested from outside the library, in one program.
//!
//! What needs PostgreSQL is ignored: `scripts/with-postgres cargo nextest run -- --include-ignored` runs it too.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::print_stderr, reason = "what was skipped is told")]
#![allow(clippy::missing_panics_doc, reason = "nobody reads docs of tests")]

mod api;
mod backup;
mod command_line;
mod demo;
mod docs;
mod doctor;
mod errors;
mod events;
mod flow;
mod fuzz_seeds;
mod glossary;
mod history;
mod image;
mod kill;
mod layers;
mod metrics;
mod migrations;
mod outgoing;
mod pages;
mod service_manager;
mod simulation;
mod store;
mod support;
mod texts;
mod unread;
