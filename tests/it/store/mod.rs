//! The contract of the store, kept by both engines: every public function runs here on SQLite and on PostgreSQL.

mod access;
mod accounts;
mod audit;
mod batches;
mod complete;
mod concurrency;
mod db;
mod distributions;
mod given;
mod half_sign_ins;
mod idempotency;
mod identities;
mod invalidations;
mod leases;
mod password_links;
mod people;
mod protection;
mod queue;
mod second_steps;
mod sending;
mod sessions;
mod survey;
mod unsettled;
