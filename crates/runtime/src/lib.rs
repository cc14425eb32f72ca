//! What the layers above `domain` share while they run: the clock, the notifier that tells of committed transactions, the
//! heartbeats of workers, what is known of backups, limits of what goes on at one time, the record of metrics, traces, a
//! thread for blocking work on files, and failpoints for tests.

pub mod backup_status;
pub mod clock;
pub mod failpoint;
pub mod file_thread;
pub mod heartbeats;
pub mod keyed_limit;
pub mod metrics;
pub mod notify;
pub mod traces;
