//! All SQL, and nothing else. Functions that read take [`Conn`]; functions that write take [`Tx`], never the pool.

pub mod access;
pub mod accounts;
pub mod ahead;
pub mod audit;
pub mod batches;
pub mod db;
pub mod distribution_tags;
pub mod distributions;
mod error;
pub mod grants;
pub mod groups;
pub mod half_sign_ins;
pub mod idempotency;
pub mod identities;
pub mod instance_lock;
pub mod invalidations;
pub mod local_groups;
pub mod outside;
mod parts;
pub mod password_links;
pub mod people;
pub mod proposals;
pub mod protections;
pub mod queue;
mod readers;
pub mod saved_searches;
pub mod second_steps;
pub mod sessions;
mod sight;
pub mod survey;
pub mod tokens;
pub mod trail;
pub mod unsettled;
pub mod ways;

pub use db::{Conn, Db, Tx};
pub use error::StoreError;
