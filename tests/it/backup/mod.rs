//! Backups: what they hold, what they never touch, and when the service makes one.

mod bucket;
mod bucket_command;
mod command;
mod copy;
mod made;
mod restore;
mod schedule;
