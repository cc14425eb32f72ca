//! Freeze windows: the page, and the forms for administrators.

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use crate::{
    commands::{self, CommandError, FreezeSeen},
    domain::{
        access::Role,
        distributions::distribution::Distribution,
        id::{DistributionId, FreezeId},
        invalidations::freeze_window::{
            FreezeError, FreezeErrors, FreezeScope, FreezeState, TypedFreeze, parse_time,
        },
        time::Timestamp,
    },
    http::{error::HttpError, params::PathParams, session::Visitor, state::AppState},
    web::saved::saved,
};

use super::{
    super::{
        form::{Field, FormBody},
        view::{self, Frame, FreezeWindowView},
    },
    frame,
};

const PATH: &str = "/settings/freezes";
/// The number of distributions that the form offers by name.
const OFFERED: usize = 200;

#[derive(Template)]
#[template(path = "settings/freezes.html")]
struct Page {
    frame: Frame,
    is_admin: bool,
    freezes: Vec<FreezeRow>,
    form: FreezeFields,
    /// The ID and the name of each distribution.
    offered: Vec<(String, String)>,
}

/// A freeze window as a row of the table.
struct FreezeRow {
    id: String,
    window: FreezeWindowView,
    /// The words for how it stands, and the state that goes with them.
    standing: (&'static str, &'static str),
    /// The names of its distributions. Empty for all.
    distributions: Vec<String>,
    /// The waiting requests that it holds: the ID, and the time that was chosen.
    waiting: Vec<(String, String)>,
}

/// The fields of the form, each with what is wrong with it.
#[derive(Default)]
struct FreezeFields {
    name: Field,
    why: Field,
    from: Field,
    until: Field,
    distributions: Field,
}

#[derive(Debug, Default, Deserialize)]
pub struct FreezeForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    why: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    until: String,
    /// IDs or host names, with white space or commas between them. None means all distributions.
    #[serde(default)]
    distributions: String,
}

impl FreezeFields {
    fn new(form: FreezeForm) -> Self {
        Self {
            name: Field::new(form.name),
            why: Field::new(form.why),
            from: Field::new(as_input(form.from)),
            until: Field::new(as_input(form.until)),
            distributions: Field::new(form.distributions),
        }
    }

    /// Puts each message at the field that it is about.
    fn note(&mut self, errors: &FreezeErrors) {
        for error in &errors.0 {
            let field = match error {
                FreezeError::Name | FreezeError::TooMany => &mut self.name,
                FreezeError::Why => &mut self.why,
                FreezeError::From => &mut self.from,
                FreezeError::Until | FreezeError::EndsFirst | FreezeError::Over | FreezeError::TooFar => {
                    &mut self.until
                }
                FreezeError::Distributions => &mut self.distributions,
            };
            field.error.get_or_insert_with(|| error.to_string());
        }
    }
}

/// A time as the field of a form takes it, in UTC. What is no time stays as it was typed.
fn as_input(typed: String) -> String {
    parse_time(&typed).map_or(typed, |at| at.to_the_minute().replace(' ', "T"))
}

/// `GET /settings/freezes`
pub async fn show(State(app): State<AppState>, visitor: Visitor) -> Result<Html<String>, HttpError> {
    render(&app, &visitor, FreezeFields::default()).await
}

/// `POST /settings/freezes`
pub async fn add(
    State(app): State<AppState>,
    visitor: Visitor,
    FormBody(form): FormBody<FreezeForm>,
) -> Result<Response, HttpError> {
    let what = "add a freeze window";
    visitor.require_admin(&app, what).await?;
    let known = view::distributions(&mut *app.context.db.read().await?, &visitor).await?;
    let typed = TypedFreeze {
        name: form.name.clone(),
        why: form.why.clone(),
        from: form.from.clone(),
        until: form.until.clone(),
        distributions: named(&form.distributions, &known),
    };
    match commands::add_freeze(&app.context, &visitor.acting, &typed).await {
        Err(CommandError::Freeze(errors)) => {
            let mut fields = FreezeFields::new(form);
            fields.note(&errors);
            visitor.refuse_invalid(&app, what, None, &errors.to_string()).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, render(&app, &visitor, fields).await?).into_response())
        }
        other => {
            visitor.keep(&app, what, other).await?;
            Ok(saved(PATH).into_response())
        }
    }
}

/// `POST /settings/freezes/{id}/remove`
pub async fn remove(
    State(app): State<AppState>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
) -> Result<Redirect, HttpError> {
    let what = "remove a freeze window";
    visitor.require_admin(&app, what).await?;
    let Some(id) = FreezeId::parse(&id) else { return Err(visitor.no_such(&app, what).await) };
    let done = commands::remove_freeze(&app.context, &visitor.acting, &id).await;
    visitor.keep(&app, what, done).await?;
    Ok(saved(PATH))
}

/// What was typed for distributions. A host name stands for the distribution that has it.
fn named(typed: &str, known: &[Distribution]) -> Vec<String> {
    let id_of = |word: &str| {
        let has_it = |one: &&Distribution| one.names().any(|name| name.eq_ignore_ascii_case(word));
        known.iter().find(has_it).map_or_else(|| word.to_owned(), |one| one.id.to_string())
    };
    typed.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty()).map(id_of).collect()
}

async fn render(app: &AppState, visitor: &Visitor, form: FreezeFields) -> Result<Html<String>, HttpError> {
    let now = app.context.clock.now();
    let mut conn = app.context.db.read().await?;
    let frame = frame(&mut conn, app, visitor, PATH).await?;
    let seen = commands::freezes_seen(&app.context, &mut conn, &visitor.access).await?;
    let distributions = view::distributions(&mut conn, visitor).await?;
    drop(conn);
    let is_admin = visitor.access.role == Role::Admin;
    let offered = distributions.iter().take(if is_admin { OFFERED } else { 0 });
    view::page(&Page {
        frame,
        is_admin,
        freezes: seen.iter().rev().map(|one| FreezeRow::new(one, &distributions, now)).collect(),
        offered: offered.map(|one| (one.id.to_string(), one.shown_name())).collect(),
        form,
    })
}

impl FreezeRow {
    fn new(seen: &FreezeSeen, distributions: &[Distribution], now: Timestamp) -> Self {
        let name = |id: &DistributionId| {
            let found = distributions.iter().find(|one| one.id == *id);
            found.map_or_else(|| id.to_string(), Distribution::shown_name)
        };
        let state = seen.window.state(now);
        let data_state = match state {
            FreezeState::Planned => "queued",
            FreezeState::InForce => "needs_a_look",
            FreezeState::Ended => "completed",
        };
        let chosen = |at: Timestamp| format!("{} UTC", at.to_the_minute());
        Self {
            id: seen.window.id.to_string(),
            window: FreezeWindowView::new(&seen.window, now),
            standing: (state.label(), data_state),
            distributions: match &seen.window.scope {
                FreezeScope::All => Vec::new(),
                FreezeScope::Only(ids) => ids.iter().map(name).collect(),
            },
            waiting: seen
                .waiting
                .iter()
                .map(|one| (one.invalidation.to_string(), chosen(one.chosen)))
                .collect(),
        }
    }
}
