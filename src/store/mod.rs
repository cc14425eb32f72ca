//! All SQL, and nothing else. Functions that read take [`Conn`]; functions that write take [`Tx`], never the pool.

pub mod accounts;
pub mod audit;
pub mod batches;
pub mod db;
pub mod distributions;
mod error;
pub mod instance_lock;
pub mod invalidations;
mod parts;
pub mod people;
pub mod queue;
pub mod saved_searches;
pub mod sessions;
pub mod survey;
pub mod unsettled;

pub use db::{Conn, Db, Tx};
pub use error::StoreError;
