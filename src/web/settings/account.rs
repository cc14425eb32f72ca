//! `GET /settings/account`: the visitor's own account, password, second step and sessions.

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};

use crate::{
    domain::{sign_in::session::browser_in_words, time::Timestamp},
    http::{error::HttpError, session::Visitor, state::AppState},
    store::{
        Conn, StoreError,
        access::groups,
        sign_in::{people, second_steps, sessions},
    },
};

use super::super::view::{self, Frame, Tab, When};

#[derive(Template)]
#[template(path = "settings/account.html")]
struct AccountPage {
    frame: Frame,
    role: &'static str,
    groups: String,
    way: String,
    has_password: bool,
    required: bool,
    second_step: Option<StepRow>,
    offered: bool,
    sessions: Vec<SessionRow>,
    problems: Problems,
}

struct StepRow {
    since: When,
    codes_left: usize,
}

/// A session as a row.
pub struct SessionRow {
    pub id: String,
    pub browser: String,
    pub way: String,
    pub address: String,
    pub since: When,
    pub used: When,
    pub own: bool,
}

/// What was wrong with a form, for each field.
#[derive(Debug, Default)]
pub struct Problems {
    pub current: Option<String>,
    pub new: Option<String>,
    pub second_step: Option<String>,
}

/// `GET /settings/account`
pub async fn show(State(app): State<AppState>, visitor: Visitor) -> Result<Html<String>, HttpError> {
    page(&app, &visitor, Problems::default()).await
}

/// The page with what was wrong.
pub async fn refused(app: &AppState, visitor: &Visitor, problems: Problems) -> Result<Response, HttpError> {
    let page = page(app, visitor, problems).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

async fn page(app: &AppState, visitor: &Visitor, problems: Problems) -> Result<Html<String>, HttpError> {
    let now = app.context.clock.now();
    let id = &visitor.person.id;
    let mut conn = app.context.db.read().await?;
    let frame =
        view::frame(&mut conn, app, visitor, Tab::Settings, "Your account", "/settings/account").await?;
    let (_, hash) = people::find_by_id(&mut conn, id).await?.ok_or(HttpError::NotFound)?;
    let step = second_steps::find(&mut conn, id).await?;
    let offered = step.as_ref().is_some_and(|step| step.confirmed_at.is_none());
    let codes_left = second_steps::codes_left(&mut conn, id).await?;
    let on = step.and_then(|step| step.confirmed_at);
    let groups = groups::of_person(&mut conn, id).await?.join(", ");
    let sessions = session_rows(&mut conn, app, visitor, now).await?;
    drop(conn);
    view::page(&AccountPage {
        frame,
        role: visitor.person.role.as_str(),
        groups,
        way: visitor.acting.origin.sign_in.clone(),
        has_password: !hash.is_empty(),
        required: app.options.authentication_methods.require_second_step,
        second_step: on.map(|at| StepRow { since: When::new(at, now), codes_left }),
        offered,
        sessions,
        problems,
    })
}

async fn session_rows(
    conn: &mut Conn,
    app: &AppState,
    visitor: &Visitor,
    now: Timestamp,
) -> Result<Vec<SessionRow>, StoreError> {
    let listed =
        sessions::of_person(conn, &visitor.person.id, now, app.options.authentication_methods.session)
            .await?;
    let row = |session: sessions::SessionSummary| SessionRow {
        id: session.hash.handle(),
        browser: browser_in_words(&session.user_agent),
        way: session.sign_in,
        address: session.client_address,
        since: When::new(session.created_at, now),
        used: When::new(session.last_seen_at, now),
        own: visitor.session.as_ref() == Some(&session.hash),
    };
    Ok(listed.into_iter().map(row).collect())
}
