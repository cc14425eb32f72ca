//! What is looked up when somebody asks: queues, accounts, history, workers, database, process.

use ::metrics::gauge;

use crate::{
    domain::{causes::with_causes, time::Timestamp},
    http::{ready, state::AppState},
    metrics::unix_seconds,
    store::{
        DiskUse, StoreError, accounts, audit,
        distributions::survey,
        invalidations::{
            batches,
            unsettled::{self, Unsettled},
        },
        notifications::messages,
    },
};

use super::catalogue as names;

/// So many waiting messages of a channel are counted.
const MESSAGES_MAX: usize = 10_000;

/// Sets all gauges. What cannot be read is NaN, so that no old value passes for a new one.
pub(super) async fn refresh(app: &AppState) {
    let now = app.context.clock.now();
    gauge!(names::READY).set(u8::from(ready::is_ready(app).await));
    #[expect(clippy::cast_precision_loss, reason = "a count of streams")]
    gauge!(names::EVENT_STREAMS).set(app.streams.count() as f64);
    for (worker, age) in app.options.heartbeats.ages() {
        let tick = age.map_or(0.0, |age| unix_seconds(now.minus(age)));
        gauge!(names::WORKER_TICK, "worker" => worker).set(tick);
    }
    let facts = DatabaseFacts::read(app, now).await.unwrap_or_else(|error| {
        tracing::warn!(error = %with_causes(&error), "the database cannot be read for metrics");
        DatabaseFacts::default()
    });
    facts.set();
    set_files(app).await;
}

/// What the database says. A number is NaN where there is none.
struct DatabaseFacts {
    queued: (f64, f64),
    submitting: (f64, f64),
    in_progress: (f64, f64),
    need_a_look: f64,
    poll_lag: f64,
    accounts_paused: f64,
    messages: (f64, f64),
    sync_success: f64,
    audit_events: f64,
    audit_intact: f64,
    audit_verified: f64,
    audit_signed: f64,
    size: f64,
}

impl Default for DatabaseFacts {
    fn default() -> Self {
        let none = f64::NAN;
        Self {
            queued: (none, none),
            submitting: (none, none),
            in_progress: (none, none),
            need_a_look: none,
            poll_lag: none,
            accounts_paused: none,
            messages: (none, none),
            sync_success: none,
            audit_events: none,
            audit_intact: none,
            audit_verified: none,
            audit_signed: none,
            size: none,
        }
    }
}

impl DatabaseFacts {
    #[expect(clippy::cast_precision_loss, reason = "counts, and sizes in bytes")]
    async fn read(app: &AppState, now: Timestamp) -> Result<Self, StoreError> {
        let size = app.context.db.size().await?;
        let mut conn = app.context.db.read().await?;
        let work = unsettled::work(&mut conn).await?;
        let next_look = batches::next_look(&mut conn).await?;
        let messages = messages::waiting(&mut conn, MESSAGES_MAX).await?;
        let (head, checked) = audit::standing(&mut conn).await?;
        let of = |unsettled: Unsettled| (unsettled.count as f64, time(unsettled.since));
        Ok(Self {
            queued: of(work.queued),
            submitting: of(work.submitting),
            in_progress: of(work.in_progress),
            need_a_look: work.needs_a_look.count as f64,
            poll_lag: next_look.map_or(0.0, |due| now.since(due).as_secs_f64()),
            accounts_paused: accounts::paused(&mut conn).await?.len() as f64,
            messages: (messages.count as f64, time(messages.since)),
            sync_success: survey::read(&mut conn).await?.finished_at.map_or(0.0, unix_seconds),
            audit_events: head.map_or(f64::NAN, |head| head.sequence as f64),
            audit_intact: f64::from(u8::from(checked.broken_at.is_none())),
            audit_verified: time(checked.at),
            audit_signed: time(audit::last_signed_head(&mut conn).await?.map(|signed| signed.at)),
            size: size as f64,
        })
    }

    fn set(&self) {
        for (state, (count, since)) in
            [("queued", self.queued), ("submitting", self.submitting), ("in_progress", self.in_progress)]
        {
            gauge!(names::BATCHES, "state" => state).set(count);
            gauge!(names::OLDEST_BATCH, "state" => state).set(since);
        }
        gauge!(names::NEED_A_LOOK).set(self.need_a_look);
        gauge!(names::POLL_LAG).set(self.poll_lag);
        gauge!(names::ACCOUNTS_PAUSED).set(self.accounts_paused);
        gauge!(names::MESSAGES_WAITING).set(self.messages.0);
        gauge!(names::OLDEST_MESSAGE).set(self.messages.1);
        gauge!(names::SYNC_SUCCESS).set(self.sync_success);
        gauge!(names::AUDIT_EVENTS).set(self.audit_events);
        gauge!(names::AUDIT_INTACT).set(self.audit_intact);
        gauge!(names::AUDIT_VERIFIED).set(self.audit_verified);
        gauge!(names::AUDIT_SIGNED).set(self.audit_signed);
        gauge!(names::DATABASE_SIZE).set(self.size);
    }
}

/// A time, or NaN.
fn time(at: Option<Timestamp>) -> f64 {
    at.map_or(f64::NAN, unix_seconds)
}

/// What the disk and the process say.
#[expect(clippy::cast_precision_loss, reason = "sizes in bytes")]
async fn set_files(app: &AppState) {
    let file = app.context.db.file().map(ToOwned::to_owned);
    let looked = app.files.run(move || {
        metrics_process::Collector::default().collect();
        Ok(file.and_then(|file| DiskUse::of(&file).ok()))
    });
    let found = looked.await.ok().flatten();
    gauge!(names::DATABASE_LOG).set(found.map_or(f64::NAN, |disk| disk.log as f64));
    gauge!(names::DATABASE_FREE).set(found.map_or(f64::NAN, |disk| disk.free as f64));
}
