//! What the service counts and times for `/metrics`. Each function records one thing; without a recorder, as in all
//! commands but `serve`, it does nothing. `src/http/metrics/catalogue.rs` says what each metric means.
//!
//! Labels have few values, which are known beforehand: never a path, a distribution, a person or an address.

use std::time::Duration;

use metrics::{counter, gauge, histogram};
use unstale_domain::time::Timestamp;

pub const HTTP_REQUESTS: &str = "unstale_http_requests_total";
pub const HTTP_REQUEST_DURATION: &str = "unstale_http_request_duration_seconds";
pub const AWS_REQUESTS: &str = "unstale_aws_requests_total";
pub const AWS_REQUEST_DURATION: &str = "unstale_aws_request_duration_seconds";
pub const ITEMS_SENT: &str = "unstale_items_sent_total";
pub const COMPLETION: &str = "unstale_completion_seconds";
pub const VERDICTS: &str = "unstale_verdicts_total";
pub const AUDIT_WEBHOOK_POSTS: &str = "unstale_audit_webhook_posts_total";
pub const NOTIFICATIONS: &str = "unstale_notifications_total";
pub const WORKER_ERRORS: &str = "unstale_worker_errors_total";
pub const DATABASE_WRITE_WAIT: &str = "unstale_database_write_wait_seconds";
pub const BACKUP_MADE: &str = "unstale_backup_last_success_timestamp_seconds";
pub const BACKUP_INTERVAL: &str = "unstale_backup_interval_seconds";
pub const DATABASE_COMMIT: &str = "unstale_database_commit_seconds";

/// How a call to AWS ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallOutcome {
    Ok,
    /// AWS asked for a slower pace.
    Throttled,
    /// AWS answered that it does not do it.
    Refused,
    /// There was no answer, or none that can be read.
    Failed,
}

impl CallOutcome {
    pub const ALL: [Self; 4] = [Self::Ok, Self::Throttled, Self::Refused, Self::Failed];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Throttled => "throttled",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// What became of one try to deliver a message to a notification channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotificationOutcome {
    Delivered,
    /// It is tried again, or was given up.
    Failed,
}

impl NotificationOutcome {
    pub const ALL: [Self; 2] = [Self::Delivered, Self::Failed];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }
}

/// Records a request that was answered. `part` is the part of the service that answered, `status` the class of the status,
/// such as `2xx`.
pub fn http_request(part: &'static str, status: &'static str, took: Duration) {
    counter!(HTTP_REQUESTS, "part" => part, "status" => status).increment(1);
    histogram!(HTTP_REQUEST_DURATION, "part" => part).record(took);
}

/// Records a call to AWS, with the retries of the SDK as part of it.
pub fn aws_request(service: &'static str, operation: &'static str, outcome: CallOutcome, took: Duration) {
    let outcome = outcome.as_str();
    counter!(AWS_REQUESTS, "service" => service, "operation" => operation, "outcome" => outcome).increment(1);
    histogram!(AWS_REQUEST_DURATION, "service" => service, "operation" => operation).record(took);
}

/// Records items of one kind that CloudFront accepted.
pub fn items_sent(kind: &'static str, items: usize) {
    counter!(ITEMS_SENT, "kind" => kind).increment(items as u64);
}

/// Records how long CloudFront took from accepting a batch to Completed, as Unstale saw it.
pub fn completed(took: Duration) {
    histogram!(COMPLETION).record(took);
}

/// Records that a check reached a verdict.
pub fn verdict(verdict: &'static str) {
    counter!(VERDICTS, "verdict" => verdict).increment(1);
}

/// Records that a signed head was posted to the webhook, or could not be.
pub fn audit_webhook_post(outcome: CallOutcome) {
    counter!(AUDIT_WEBHOOK_POSTS, "outcome" => outcome.as_str()).increment(1);
}

/// Records one try to deliver a message to a channel of this kind.
pub fn notification(channel: &'static str, outcome: NotificationOutcome) {
    counter!(NOTIFICATIONS, "channel" => channel, "outcome" => outcome.as_str()).increment(1);
}

/// Records that a worker starts, so that its errors are counted from 0.
pub fn worker_started(worker: &'static str) {
    counter!(WORKER_ERRORS, "worker" => worker).increment(0);
}

/// Records that a tick of a worker failed.
pub fn worker_error(worker: &'static str) {
    counter!(WORKER_ERRORS, "worker" => worker).increment(1);
}

/// Records that the service makes a backup so often.
pub fn backups_are_made(every: Duration) {
    gauge!(BACKUP_MADE).set(0);
    gauge!(BACKUP_INTERVAL).set(every.as_secs_f64());
}

/// Records that a backup that was begun at this time is whole.
pub fn backup_made(begun: Timestamp) {
    gauge!(BACKUP_MADE).set(unix_seconds(begun));
}

/// Seconds since 1970, as metrics state times.
#[must_use]
pub fn unix_seconds(at: Timestamp) -> f64 {
    Duration::from_micros(at.as_micros().unsigned_abs()).as_secs_f64()
}

/// Records how long a transaction waited before it could write.
pub fn database_write_wait(waited: Duration) {
    histogram!(DATABASE_WRITE_WAIT).record(waited);
}

/// Records how long a commit took.
pub fn database_commit(took: Duration) {
    histogram!(DATABASE_COMMIT).record(took);
}
