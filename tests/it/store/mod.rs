//! The contract of the store, kept by both engines: every public function runs here on SQLite and on PostgreSQL.

mod accounts;
mod audit;
mod batches;
mod complete;
mod concurrency;
mod db;
mod distributions;
mod given;
mod history;
mod invalidations;
mod leases;
mod people;
mod queue;
mod saved_searches;
mod search;
mod sending;
mod sessions;
mod survey;
mod unsettled;
