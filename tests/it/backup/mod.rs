//! Backups: what they hold, what they never touch, and when the service makes one.

mod command;
mod copy;
mod made;
mod restore;
mod schedule;
