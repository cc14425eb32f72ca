//! Finds in the history which invalidations are new and which have ended, and makes and moves their runs.

use std::time::Duration;

use tokio::sync::Mutex;

use crate::{
    domain::{
        checks::{CheckRun, CheckRunState, Freshness, KNOWN_RUNS, UrlCheck, may_get_run, sample},
        id::{CheckRunId, InvalidationId},
        invalidations::invalidation::{Invalidation, InvalidationState},
        time::Timestamp,
    },
    store::{
        Conn, StoreError, Tx, audit, checks, distributions,
        invalidations::{self, batches},
    },
};

use super::super::WorkerContext;

/// The events of the history that one tick reads.
const PAGE: usize = 500;
/// The most runs that are not done. An invalidation more is not checked: looks must not slow its sending.
const OPEN_MAX: usize = 500;
/// How long before a batch is sent its URLs are looked at, if it is put off.
const AHEAD: Duration = Duration::from_secs(5);
/// The cursor is stored after so many events without news, so that a restart need not read them again.
const UNSTORED_MAX: i64 = 2_000;

/// Where the reading of the history is.
#[derive(Debug, Default)]
pub(super) struct Intake {
    position: Mutex<Option<Position>>,
}

#[derive(Debug, Clone, Copy)]
struct Position {
    /// What the store has. `None` before the first time.
    stored: Option<i64>,
    /// The last event that was read.
    read: i64,
}

/// What an invalidation means for its run.
enum Change {
    New(Box<CheckRun>),
    Completed(InvalidationId),
    Over(InvalidationId),
}

/// What a page of the history means for the runs.
#[derive(Default)]
struct Changes {
    all: Vec<Change>,
    /// Whether an invalidation that may have a run gets none. The cursor is stored then, which tells the API that
    /// nobody has to wait for it.
    is_declined: bool,
}

impl Intake {
    /// Reads the next events. `true` if more may follow.
    pub async fn take_in(&self, context: &WorkerContext) -> Result<bool, StoreError> {
        let mut position = self.position.lock().await;
        let mut conn = context.db.read().await?;
        let at = match *position {
            Some(at) => at,
            None => begin(&mut conn).await?,
        };
        let news = checks::news(&mut conn, at.read, PAGE).await?;
        let read = news.last.unwrap_or(at.read);
        let Changes { all: changes, is_declined } =
            changes(&mut conn, &news.invalidations, context.clock.now()).await?;
        drop(conn);
        let is_far = at.stored.is_none_or(|stored| read - stored >= UNSTORED_MAX);
        if changes.is_empty() && !is_declined && !is_far {
            *position = Some(Position { read, ..at });
            return Ok(news.more);
        }
        let mut tx = context.db.begin().await?;
        if !checks::set_cursor(&mut tx, at.stored, read).await? {
            // Another replica took these events in.
            *position = None;
            return Ok(true);
        }
        for change in &changes {
            apply(&mut tx, change, context.clock.now()).await?;
        }
        tx.commit().await?;
        *position = Some(Position { stored: Some(read), read });
        if !changes.is_empty() {
            context.notifier.notify();
        }
        Ok(news.more)
    }
}

/// Where the store says that reading goes on. A service whose checks are new begins with what happens from now on.
async fn begin(conn: &mut Conn) -> Result<Position, StoreError> {
    let stored = checks::cursor(conn).await?;
    let read = match stored {
        Some(stored) => stored,
        None => audit::head(conn).await?,
    };
    Ok(Position { stored, read })
}

async fn changes(conn: &mut Conn, ids: &[InvalidationId], now: Timestamp) -> Result<Changes, StoreError> {
    let mut changes = Changes::default();
    if ids.is_empty() {
        return Ok(changes);
    }
    let refs: Vec<&InvalidationId> = ids.iter().collect();
    let with_run = checks::freshness_of(conn, &refs).await?;
    let mut room = OPEN_MAX.saturating_sub(checks::open_runs(conn, OPEN_MAX).await?);
    for invalidation in invalidations::find_all(conn, ids).await? {
        if with_run.contains_key(&invalidation.id) {
            changes.all.extend(change_of(&invalidation));
        } else if !may_get_run(&invalidation, now) {
            // It counts as unchecked without a word from here.
        } else if room == 0 {
            tracing::debug!(invalidation = %invalidation.id, "not checked: too many checks wait");
            changes.is_declined = true;
        } else if let Some(run) = new_run(conn, &invalidation, now).await? {
            room -= 1;
            changes.all.push(Change::New(Box::new(run)));
        } else {
            changes.is_declined = true;
        }
    }
    Ok(changes)
}

fn change_of(invalidation: &Invalidation) -> Option<Change> {
    match invalidation.state {
        InvalidationState::Completed => Some(Change::Completed(invalidation.id.clone())),
        InvalidationState::Failed | InvalidationState::Cancelled => {
            Some(Change::Over(invalidation.id.clone()))
        }
        _ => None,
    }
}

/// The run of an invalidation, with its first looks due. `None` if there is nothing to look at.
async fn new_run(
    conn: &mut Conn,
    invalidation: &Invalidation,
    now: Timestamp,
) -> Result<Option<CheckRun>, StoreError> {
    let Some(distribution) = distributions::find(conn, &invalidation.distribution).await? else {
        return Ok(None);
    };
    let settings = checks::settings::find(conn, &distribution.id).await?;
    if !settings.cover(&distribution) {
        return Ok(None);
    }
    let mut batches = batches::of_invalidation(conn, &invalidation.id).await?;
    batches.retain(|batch| !batch.is_cut());
    let known = checks::known_urls(conn, &distribution.id, KNOWN_RUNS).await?;
    let picked = sample(&distribution, &settings, &batches, &known);
    if picked.is_empty() {
        return Ok(None);
    }
    let is_completed = invalidation.state == InvalidationState::Completed;
    let sent_at = batches.iter().map(|batch| batch.due_at).min().unwrap_or(now);
    Ok(Some(CheckRun {
        id: CheckRunId::new(uuid::Uuid::now_v7()),
        distribution: distribution.id,
        invalidation: Some(invalidation.id.clone()),
        created_at: now,
        state: if is_completed { CheckRunState::After } else { CheckRunState::Before },
        round: 0,
        freshness: Freshness::Pending,
        due_at: Some(if is_completed { now } else { sent_at.minus(AHEAD).max(now) }),
        urls: UrlCheck::of_run(picked, &settings.apis),
    }))
}

async fn apply(tx: &mut Tx, change: &Change, now: Timestamp) -> Result<(), StoreError> {
    match change {
        Change::New(run) => checks::insert(tx, run).await,
        Change::Completed(id) => checks::begin_after(tx, id, now).await.map(drop),
        Change::Over(id) => checks::give_up(tx, id).await.map(drop),
    }
}
