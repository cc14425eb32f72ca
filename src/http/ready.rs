//! Whether the service can do its work: `GET /readyz`, and the refusal of all other requests while the database's
//! file is not the one that was opened.

use std::time::{Duration, Instant};

use axum::{
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use tokio::sync::Mutex;

use crate::{
    domain::causes::with_causes,
    store::{
        Db, StoreError,
        tables::{self, Tables},
    },
};

use super::{error::HttpError, state::AppState};

/// How long a worker may go without a step before it counts as stuck. The longest step reads all distributions of a
/// large account at the account's pace.
pub const SILENT: Duration = Duration::from_mins(10);
/// How long an answer is reused. Anybody may ask, so this limits the work.
const KEPT: Duration = Duration::from_secs(1);
/// How long a successful write counts.
const WRITTEN: Duration = Duration::from_secs(5);
const OK: &str = "ok";

/// The parts that the service needs, each `ok` or what is wrong with it. The causes are in the log.
#[derive(Debug, Clone, Serialize)]
pub struct Readiness {
    ready: bool,
    /// Whether the database answers and takes writes.
    database: &'static str,
    /// Whether the files of an SQLite database are those that were opened.
    file: &'static str,
    /// Whether the tables are of a version that this program knows.
    tables: &'static str,
    workers: String,
}

/// The last answer, and when it was worked out.
#[derive(Debug, Default)]
pub struct CachedReadiness(Mutex<Last>);

#[derive(Debug, Default)]
struct Last {
    answer: Option<(Instant, Readiness)>,
    /// When the database last took a write of this probe.
    written: Option<Instant>,
}

/// Answers 200 if the service can do its work, otherwise 503, with the state of each part.
pub async fn show(State(app): State<AppState>) -> Response {
    let readiness = current(&app).await;
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = serde_json::to_string(&readiness).unwrap_or_default();
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// Whether the service can do its work.
pub async fn is_ready(app: &AppState) -> bool {
    current(app).await.ready
}

/// The parts that keep the service from its work, each with what is wrong with it.
pub async fn faults(app: &AppState) -> Vec<(&'static str, String)> {
    let Readiness { database, file, tables, workers, .. } = current(app).await;
    let parts = [("database", database), ("file", file), ("tables", tables)];
    let parts = parts.map(|(part, word)| (part, word.to_owned())).into_iter().chain([("workers", workers)]);
    parts.filter(|(_, word)| word != OK).collect()
}

/// The last answer, or a new one if that is too old.
async fn current(app: &AppState) -> Readiness {
    let mut last = app.readiness.0.lock().await;
    let kept = last.answer.as_ref().filter(|(at, _)| at.elapsed() < KEPT);
    if let Some((_, readiness)) = kept {
        return readiness.clone();
    }
    let readiness = look(app, &mut last.written).await;
    last.answer = Some((Instant::now(), readiness.clone()));
    readiness
}

async fn look(app: &AppState, written: &mut Option<Instant>) -> Readiness {
    let db = &app.context.db;
    let file = if db.in_place().is_ok() { OK } else { "not the one that was opened, or read-only" };
    let database = writable(db, written).await;
    let silent = app.options.heartbeats.silent_for(SILENT);
    let workers = if silent.is_empty() { OK.to_owned() } else { format!("silent: {}", silent.join(", ")) };
    let tables = standing(db).await;
    let ready = [file, database, tables, workers.as_str()].iter().all(|word| *word == OK);
    Readiness { ready, database, file, tables, workers }
}

/// Whether the database takes a write. It commits one, because only the commit needs space on the disk.
async fn writable(db: &Db, written: &mut Option<Instant>) -> &'static str {
    if written.is_some_and(|at| at.elapsed() < WRITTEN) {
        return OK;
    }
    let tried = async {
        let mut tx = db.begin().await?;
        tables::try_to_write(&mut tx).await?;
        tx.commit().await
    };
    let tried = tried
        .await
        .inspect_err(|error| tracing::warn!(error = %with_causes(error), "the database cannot be written"));
    *written = tried.is_ok().then(Instant::now);
    match tried {
        Ok(()) => OK,
        Err(StoreError::Full(_)) => "cannot be written: its disk is full",
        Err(_) => "cannot be written",
    }
}

async fn standing(db: &Db) -> &'static str {
    let looked = async { tables::standing(&mut *db.read().await?).await };
    match looked.await {
        // A newer replica has migrated the tables while this one runs.
        Ok(Tables::Current | Tables::Newer { .. }) => OK,
        Ok(Tables::None | Tables::Foreign | Tables::Older { .. }) => "older than this program",
        Err(_) => "cannot be read",
    }
}

/// Refuses all requests while the database's file is not the one that was opened, because no answer would be
/// reliable. Health checks and static files need no database.
pub async fn require_file(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let needs_none = matches!(path, "/healthz" | "/readyz" | "/metrics") || path.starts_with("/static/");
    match app.context.db.in_place() {
        Err(displaced) if !needs_none => HttpError::Displaced(displaced.to_string()).into_response(),
        _ => next.run(request).await,
    }
}
