//! Probes: the page and its forms. The secret of a new probe's token is shown once, on the page that answers the form.

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use crate::{
    commands::{self, CommandError},
    domain::{
        id::TokenId,
        time::Timestamp,
        tokens::{
            probe::{Probe, parse_probe_name},
            token::{self, TokenError},
        },
    },
    http::{error::HttpError, params::PathParams, session::Visitor, state::AppState},
    store::probes,
    web::saved::saved,
};

use super::{
    super::{
        form::{Field, FormBody},
        view::{self, Frame, When},
    },
    frame,
};

const PATH: &str = "/settings/probes";
/// The number of probes that are shown.
const SHOWN: usize = 2_000;

#[derive(Template)]
#[template(path = "settings/probes.html")]
struct Page {
    frame: Frame,
    /// The name and the secret of the token that has just been made.
    made: Option<(String, String)>,
    /// The address of this Unstale, for the command.
    base: String,
    name: Field,
    expires: Field,
    probes: Vec<Row>,
}

struct Row {
    id: String,
    name: String,
    shown: String,
    made_by: String,
    made_at: When,
    expires: Option<When>,
    contact: Option<When>,
    /// Why the token is not valid any more. `None` if it is valid.
    ended: Option<&'static str>,
    is_away: bool,
    can_revoke: bool,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct ProbeForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    expires: String,
}

/// `GET /settings/probes`
pub async fn show(State(app): State<AppState>, visitor: Visitor) -> Result<Html<String>, HttpError> {
    visitor.require_admin(&app, "see the probes").await?;
    render(&app, &visitor, &ProbeForm::default(), None, None).await
}

/// `POST /settings/probes`
pub async fn make(
    State(app): State<AppState>,
    visitor: Visitor,
    FormBody(form): FormBody<ProbeForm>,
) -> Result<Response, HttpError> {
    let what = "make a probe";
    visitor.require_admin(&app, what).await?;
    let life = Some(form.expires.as_str()).filter(|text| !text.trim().is_empty());
    let read =
        parse_probe_name(&form.name).and_then(|name| Ok((name, life.map(token::parse_life).transpose()?)));
    let made = match read {
        Ok((name, life)) => commands::make_probe(&app.context, &visitor.acting, &name, life).await,
        Err(error) => Err(error.into()),
    };
    match visitor.keep(&app, what, made).await {
        Ok((probe, secret)) => {
            let made = (probe.name, secret.reveal().to_owned());
            Ok(render(&app, &visitor, &ProbeForm::default(), None, Some(made)).await?.into_response())
        }
        Err(CommandError::Token(error)) => {
            let page = render(&app, &visitor, &form, Some(error), None).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /settings/probes/{id}/revoke`
pub async fn revoke(
    State(app): State<AppState>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
) -> Result<Redirect, HttpError> {
    let what = "revoke a probe";
    visitor.require_admin(&app, what).await?;
    let Some(id) = TokenId::parse(&id) else { return Err(visitor.no_such(&app, what).await) };
    let done = commands::revoke_probe(&app.context, &visitor.acting, &id).await;
    match visitor.keep(&app, what, done).await {
        // Somebody else has already revoked it, so there is nothing to report.
        Ok(()) | Err(CommandError::TooLate) => Ok(saved(PATH)),
        Err(error) => Err(error.into()),
    }
}

async fn render(
    app: &AppState,
    visitor: &Visitor,
    form: &ProbeForm,
    problem: Option<TokenError>,
    made: Option<(String, String)>,
) -> Result<Html<String>, HttpError> {
    let mut conn = app.context.db.read().await?;
    let frame = frame(&mut conn, app, visitor, PATH).await?;
    let all = probes::list(&mut conn, SHOWN).await?;
    drop(conn);
    let now = app.context.clock.now();
    let (mut name, mut expires) = (Field::new(&form.name), Field::new(&form.expires));
    if let Some(problem) = problem {
        let field = if problem == TokenError::Expiry { &mut expires } else { &mut name };
        field.error = Some(problem.to_string());
    }
    let probes = all.into_iter().map(|probe| Row::new(probe, now)).collect();
    let base = visitor.acting.origin.base_url.clone();
    view::page(&Page { frame, made, base, name, expires, probes })
}

impl Row {
    fn new(probe: Probe, now: Timestamp) -> Self {
        let ended = match (probe.revoked_at, probe.is_good(now)) {
            (Some(_), _) => Some("revoked"),
            (None, false) => Some("over"),
            (None, true) => None,
        };
        Self {
            is_away: ended.is_none() && probe.is_away(now),
            can_revoke: ended.is_none(),
            ended,
            id: probe.id.to_string(),
            name: probe.name,
            shown: probe.shown,
            made_by: probe.made_by_name,
            made_at: When::new(probe.created_at, now),
            expires: probe.expires_at.map(|at| When::new(at, now)),
            contact: probe.contact_at.map(|at| When::new(at, now)),
        }
    }
}
