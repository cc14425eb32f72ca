//! All SQL, and nothing else. Functions that read take [`Conn`]; functions that write take [`Tx`], never the pool.

pub mod access;
pub mod accounts;
pub mod audit;
mod bound;
pub mod checks;
mod columns;
pub mod db;
pub mod deadlines;
mod disk_use;
pub mod distributions;
mod error;
pub mod insights;
pub mod instance_lock;
pub mod invalidations;
pub mod notifications;
pub mod page_status;
mod place;
pub mod probes;
mod readers;
pub mod sign_in;
pub mod table_copy;
pub mod tables;
pub mod times;
pub mod tokens;
#[cfg(debug_assertions)]
pub mod work;

pub use db::{Conn, Db, Tx};
pub use disk_use::DiskUse;
pub use error::StoreError;
pub use place::Displaced;
