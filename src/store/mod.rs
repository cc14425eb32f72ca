//! All SQL, and nothing else. Functions that read take [`Conn`]; functions that write take [`Tx`], never the pool.

pub mod accounts;
pub mod audit;
pub mod batches;
pub mod db;
pub mod distributions;
mod error;
pub mod groups;
pub mod half_sign_ins;
pub mod identities;
pub mod instance_lock;
pub mod invalidations;
mod parts;
pub mod password_links;
pub mod people;
pub mod queue;
pub mod second_steps;
pub mod sessions;
pub mod survey;
pub mod unsettled;

pub use db::{Conn, Db, Tx};
pub use error::StoreError;
