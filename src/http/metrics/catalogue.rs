//! Every metric: its name, its kind, and what it means. Each value of a label that is known beforehand starts at 0, so that
//! the first increase is seen too.

use ::metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

use crate::{
    domain::{checks::Verdict, notifications::ChannelKind},
    metrics::{self as names, CallOutcome, NotificationOutcome},
};

use super::part::{PARTS, STATUSES};

/// How a metric is read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum MetricKind {
    Counter,
    Gauge,
    /// With the upper bounds of its buckets.
    Histogram(&'static [f64]),
}

/// A metric, as `# HELP` and `# TYPE` describe it.
#[derive(Debug, Clone, Copy)]
pub(super) struct MetricDescription {
    pub name: &'static str,
    pub kind: MetricKind,
    pub help: &'static str,
}

/// Parts of a second, for what runs on this machine.
const SHORT: &[f64] = &[0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];
/// Seconds, for calls to AWS, which are given up after 20 but for the parts of a backup.
const CALL: &[f64] = &[0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0];
/// Seconds to minutes, for CloudFront's own work.
const LONG: &[f64] = &[5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0];

pub(super) const BUILD_INFO: &str = "unstale_build_info";
pub(super) const READY: &str = "unstale_ready";
pub(super) const BATCHES: &str = "unstale_batches";
pub(super) const OLDEST_BATCH: &str = "unstale_oldest_batch_timestamp_seconds";
pub(super) const NEED_A_LOOK: &str = "unstale_invalidations_needing_a_look";
pub(super) const POLL_LAG: &str = "unstale_poll_lag_seconds";
pub(super) const ACCOUNTS_PAUSED: &str = "unstale_accounts_paused";
pub(super) const SYNC_SUCCESS: &str = "unstale_sync_last_success_timestamp_seconds";
pub(super) const WORKER_TICK: &str = "unstale_worker_last_tick_timestamp_seconds";
pub(super) const AUDIT_EVENTS: &str = "unstale_audit_events";
pub(super) const AUDIT_INTACT: &str = "unstale_audit_intact";
pub(super) const AUDIT_VERIFIED: &str = "unstale_audit_verified_timestamp_seconds";
pub(super) const AUDIT_SIGNED: &str = "unstale_audit_head_timestamp_seconds";
pub(super) const MESSAGES_WAITING: &str = "unstale_messages_waiting";
pub(super) const OLDEST_MESSAGE: &str = "unstale_oldest_message_timestamp_seconds";
pub(super) const EVENT_STREAMS: &str = "unstale_event_streams";
pub(super) const DATABASE_SIZE: &str = "unstale_database_size_bytes";
pub(super) const DATABASE_LOG: &str = "unstale_database_log_size_bytes";
pub(super) const DATABASE_FREE: &str = "unstale_database_free_bytes";

const fn of(name: &'static str, kind: MetricKind, help: &'static str) -> MetricDescription {
    MetricDescription { name, kind, help }
}

pub(super) const CATALOGUE: [MetricDescription; 33] = {
    use MetricKind::{Counter, Gauge, Histogram};
    [
        of(BUILD_INFO, Gauge, "Always 1, with the version of Unstale."),
        of(READY, Gauge, "1 if /readyz answers that the service can do its work, else 0."),
        of(
            names::HTTP_REQUESTS,
            Counter,
            "Requests answered, by part of the service and class of the status.",
        ),
        of(
            names::HTTP_REQUEST_DURATION,
            Histogram(SHORT),
            "Time from a request to the head of its answer, by part of the service.",
        ),
        of(EVENT_STREAMS, Gauge, "Streams of live pages that are open."),
        of(BATCHES, Gauge, "Batches that are not settled, by state."),
        of(
            OLDEST_BATCH,
            Gauge,
            "When the oldest batch of a state was due (queued), first sent (submitting) or accepted (in_progress); NaN without one.",
        ),
        of(
            NEED_A_LOOK,
            Gauge,
            "Invalidations of which a person has to find out whether CloudFront has them.",
        ),
        of(names::ITEMS_SENT, Counter, "Items that CloudFront accepted, by kind; each is billed as a path."),
        of(
            names::COMPLETION,
            Histogram(LONG),
            "Time from CloudFront accepting a batch to Unstale seeing it completed.",
        ),
        of(
            POLL_LAG,
            Gauge,
            "How long the next question about a batch in progress is overdue; 0 if it is not.",
        ),
        of(
            names::AWS_REQUESTS,
            Counter,
            "Calls to AWS, by service, operation and outcome; the retries of the SDK belong to their call.",
        ),
        of(names::AWS_REQUEST_DURATION, Histogram(CALL), "Time of a call to AWS, by service and operation."),
        of(ACCOUNTS_PAUSED, Gauge, "AWS accounts to which nothing is sent, because AWS refuses all calls."),
        of(SYNC_SUCCESS, Gauge, "When all distributions were last read from CloudFront; 0 if never."),
        of(
            names::VERDICTS,
            Counter,
            "Verdicts on what viewers get that were reached or have changed, by verdict.",
        ),
        of(AUDIT_EVENTS, Gauge, "The number of the last event of the history."),
        of(AUDIT_INTACT, Gauge, "1 as long as no check has found the history broken, else 0."),
        of(
            AUDIT_VERIFIED,
            Gauge,
            "When the newest events of the history were last found intact; NaN if never.",
        ),
        of(AUDIT_SIGNED, Gauge, "When the last head of the history was signed; NaN if none was."),
        of(
            names::AUDIT_WEBHOOK_POSTS,
            Counter,
            "Signed heads posted to the webhook of the history, by outcome.",
        ),
        of(
            names::NOTIFICATIONS,
            Counter,
            "Tries to deliver a message to a notification channel, by kind of channel and outcome.",
        ),
        of(
            MESSAGES_WAITING,
            Gauge,
            "Messages of notification channels that are turned on and that wait, up to 10000 a channel.",
        ),
        of(OLDEST_MESSAGE, Gauge, "When the oldest of them began; NaN without one."),
        of(
            WORKER_TICK,
            Gauge,
            "When a worker last finished a step, by worker; 0 for a worker that has ended.",
        ),
        of(names::WORKER_ERRORS, Counter, "Steps of a worker that failed and are tried again, by worker."),
        of(
            names::DATABASE_WRITE_WAIT,
            Histogram(SHORT),
            "How long a transaction waited before it could write.",
        ),
        of(names::DATABASE_COMMIT, Histogram(SHORT), "How long a commit took."),
        of(DATABASE_SIZE, Gauge, "Size of the database: of SQLite's file, or as PostgreSQL states it."),
        of(DATABASE_LOG, Gauge, "Size of SQLite's write-ahead log; NaN with PostgreSQL."),
        of(DATABASE_FREE, Gauge, "Free space on the disk of SQLite's file; NaN with PostgreSQL."),
        of(
            names::BACKUP_MADE,
            Gauge,
            "When the newest whole backup of the service was begun; 0 if there is none, absent if the service makes none.",
        ),
        of(names::BACKUP_INTERVAL, Gauge, "How often the service makes a backup."),
    ]
};

/// The upper bounds of each histogram.
pub(super) fn buckets() -> impl Iterator<Item = (&'static str, &'static [f64])> {
    CATALOGUE.iter().filter_map(|metric| match metric.kind {
        MetricKind::Histogram(bounds) => Some((metric.name, bounds)),
        MetricKind::Counter | MetricKind::Gauge => None,
    })
}

/// Describes all metrics to the recorder, and starts the counters. `operations` are those of AWS, with their services.
pub(super) fn describe(operations: impl IntoIterator<Item = (&'static str, &'static str)>) {
    for MetricDescription { name, kind, help } in CATALOGUE {
        match kind {
            MetricKind::Counter => describe_counter!(name, help),
            MetricKind::Gauge => describe_gauge!(name, help),
            MetricKind::Histogram(_) => describe_histogram!(name, help),
        }
    }
    gauge!(BUILD_INFO, "version" => env!("CARGO_PKG_VERSION")).set(1);
    for part in PARTS {
        let _ = histogram!(names::HTTP_REQUEST_DURATION, "part" => part);
        for status in STATUSES {
            counter!(names::HTTP_REQUESTS, "part" => part, "status" => status).absolute(0);
        }
    }
    for kind in ["path", "wildcard", "tag"] {
        counter!(names::ITEMS_SENT, "kind" => kind).absolute(0);
    }
    for verdict in Verdict::ALL {
        counter!(names::VERDICTS, "verdict" => verdict.as_str()).absolute(0);
    }
    for (service, operation) in operations {
        let _ = histogram!(names::AWS_REQUEST_DURATION, "service" => service, "operation" => operation);
        for outcome in CallOutcome::ALL.map(CallOutcome::as_str) {
            counter!(names::AWS_REQUESTS, "service" => service, "operation" => operation, "outcome" => outcome)
                .absolute(0);
        }
    }
    for outcome in [CallOutcome::Ok, CallOutcome::Refused, CallOutcome::Failed] {
        counter!(names::AUDIT_WEBHOOK_POSTS, "outcome" => outcome.as_str()).absolute(0);
    }
    for channel in ChannelKind::ALL.map(ChannelKind::as_str) {
        for outcome in NotificationOutcome::ALL.map(NotificationOutcome::as_str) {
            counter!(names::NOTIFICATIONS, "channel" => channel, "outcome" => outcome).absolute(0);
        }
    }
    for name in [names::COMPLETION, names::DATABASE_WRITE_WAIT, names::DATABASE_COMMIT] {
        let _ = histogram!(name);
    }
}
