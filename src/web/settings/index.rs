//! `GET /settings`: the overview of the settings.

use std::time::Duration;

use askama::Template;
use axum::{extract::State, response::Html};

use crate::{
    domain::access::Role,
    http::{error::HttpError, session::Visitor, state::AppState},
    store::{Conn, StoreError, invalidations::cloudtrail},
};

use super::{
    super::view::{self, When},
    Frame, frame,
};

const RECENT: Duration = Duration::from_hours(2);
const ALLOW: &str =
    "Allow the action cloudtrail:LookupEvents on * to Unstale's role, or turn UNSTALE_CLOUDTRAIL off.";

#[derive(Template)]
#[template(path = "settings/index.html")]
struct Page {
    frame: Frame,
    /// Why CloudTrail does not tell who made the invalidations outside. Only for administrators.
    cloudtrail: Option<Trouble>,
}

struct Trouble {
    headline: &'static str,
    advice: String,
    said: String,
    when: When,
}

pub async fn index(State(app): State<AppState>, visitor: Visitor) -> Result<Html<String>, HttpError> {
    let mut conn = app.context.db.read().await?;
    let mut frame = frame(&mut conn, &app, &visitor, "/settings").await?;
    "Settings".clone_into(&mut frame.title);
    let cloudtrail = if visitor.person.role == Role::Admin { trouble(&mut conn, &app).await? } else { None };
    view::page(&Page { frame, cloudtrail })
}

/// The last problem with CloudTrail, if it is recent. The service calls CloudTrail at least once an hour, so an
/// older problem means that it no longer does.
async fn trouble(conn: &mut Conn, app: &AppState) -> Result<Option<Trouble>, StoreError> {
    let now = app.context.clock.now();
    let state = cloudtrail::read(conn).await?;
    let recent = state.failed_at.filter(|at| now.since(*at) < RECENT);
    Ok(state.problem.zip(recent).map(|(problem, at)| Trouble {
        headline: problem.kind.headline(),
        advice: if problem.statement("*").is_some() { ALLOW.to_owned() } else { problem.advice_at_large() },
        said: problem.message,
        when: When::new(at, now),
    }))
}
