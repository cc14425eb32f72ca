//! `GET /settings/system`: how the service is, from what it knows already. `unstale doctor` looks deeper.

mod backups;
mod examine;

use std::time::Duration;

use askama::Template;
use axum::{extract::State, response::Html};

use crate::{
    domain::examination::{Condition, ExaminedPart},
    http::{error::HttpError, ready, session::Visitor, state::AppState},
};

use super::{
    super::view::{self, Frame, StatusView, When},
    frame,
};

const PATH: &str = "/settings/system";

#[derive(Template)]
#[template(path = "settings/system.html")]
struct Page {
    frame: Frame,
    version: &'static str,
    parts: Vec<PartView>,
    workers: Vec<WorkerView>,
}

/// A part that was looked at.
struct PartView {
    name: &'static str,
    status: StatusView,
    message: String,
    fix: Option<String>,
}

/// A worker, and when it last finished a step.
struct WorkerView {
    name: &'static str,
    status: StatusView,
    /// `None` if it has ended.
    step: Option<When>,
}

/// `GET /settings/system`
pub async fn show(State(app): State<AppState>, visitor: Visitor) -> Result<Html<String>, HttpError> {
    visitor.require_admin(&app, "see how the system is").await?;
    let size = app.context.db.size().await?;
    let mut conn = app.context.db.read().await?;
    let frame = frame(&mut conn, &app, &visitor, PATH).await?;
    let report = examine::examine(&app, &mut conn, size).await?;
    drop(conn);
    let parts = report.parts().iter().cloned().map(PartView::from).collect();
    view::page(&Page { frame, version: env!("CARGO_PKG_VERSION"), parts, workers: workers(&app) })
}

fn workers(app: &AppState) -> Vec<WorkerView> {
    let now = app.context.clock.now();
    let view = |(name, age): (&'static str, Option<Duration>)| {
        let condition = match age {
            Some(age) if age < ready::SILENT => Condition::Ok,
            Some(_) | None => Condition::Error,
        };
        WorkerView { name, status: status(condition), step: age.map(|age| When::new(now.minus(age), now)) }
    };
    app.options.heartbeats.ages().into_iter().map(view).collect()
}

impl From<ExaminedPart> for PartView {
    fn from(part: ExaminedPart) -> Self {
        let ExaminedPart { name, condition, message, fix } = part;
        Self { name: label(name), status: status(condition), message, fix }
    }
}

/// What the page calls a part.
fn label(name: &'static str) -> &'static str {
    match name {
        "service" => "Service",
        "database" => "Database",
        "disk" => "Disk",
        "log" => "Write-ahead log",
        "history" => "History",
        "heads" => "Signed heads",
        "backups" => "Backups",
        "account" => "AWS account",
        "distributions" => "Distributions",
        "optional" => "Optional permission",
        "checks" => "Checks",
        "channels" => "Notifications",
        "sign_in" => "Sign-in",
        "metrics" => "Metrics",
        other => other,
    }
}

fn status(condition: Condition) -> StatusView {
    let (state, words) = match condition {
        Condition::Ok => ("completed", "OK"),
        Condition::NotChecked => ("unknown", "Off"),
        Condition::Warning => ("needs_a_look", "Warning"),
        Condition::Error => ("failed", "Error"),
    };
    StatusView { state, words: words.to_owned() }
}
