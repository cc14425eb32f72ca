//! Protected distributions: the page and its form.

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use serde::Deserialize;

use crate::{
    commands::{self, CommandError},
    domain::{
        distributions::{
            distribution::Distribution,
            protection::{Guard, Protection, ProtectionError, parse_cool_down, parse_wide_above},
        },
        id::DistributionId,
    },
    http::{error::HttpError, params::QueryParams, session::Visitor, state::AppState},
    store::distributions::protections,
    web::saved::saved,
};

use super::{
    super::{
        form::{Field, FormBody},
        view::{self, Frame, Offer, Picker},
    },
    frame,
};

const PATH: &str = "/settings/protection";

#[derive(Template)]
#[template(path = "settings/protection.html")]
struct Page {
    frame: Frame,
    form: ProtectionFields,
    picker: Picker,
    /// The value, the label, and whether it is chosen.
    guards: Vec<(&'static str, &'static str, bool)>,
    protected: Vec<(String, String, String)>,
}

/// The fields of the form, each with what is wrong with it.
struct ProtectionFields {
    distribution: Field,
    guard: Field,
    wide_above: Field,
    cool_down: Field,
    reason_required: bool,
}

impl ProtectionFields {
    /// All messages in one line, for the history.
    fn wrong(&self) -> String {
        let fields = [&self.distribution, &self.guard, &self.wide_above, &self.cool_down];
        fields.into_iter().filter_map(|field| field.error.as_deref()).collect::<Vec<_>>().join(" ")
    }
}

#[derive(Debug, Deserialize)]
pub struct ProtectionQuery {
    #[serde(default)]
    distribution: String,
}

#[derive(Debug, Deserialize)]
pub struct ProtectionForm {
    #[serde(default)]
    distribution: String,
    #[serde(default)]
    guard: String,
    #[serde(default)]
    wide_above: String,
    #[serde(default)]
    cool_down: String,
    reason_required: Option<String>,
}

/// `GET /settings/protection`
pub async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    QueryParams(wanted): QueryParams<ProtectionQuery>,
) -> Result<Html<String>, HttpError> {
    visitor.require_admin(&app, "see the protections").await?;
    let id = DistributionId::parse(&wanted.distribution);
    let id = id.unwrap_or_else(DistributionId::of_none);
    let now = protections::find(&mut *app.context.db.read().await?, &id).await?;
    let form = ProtectionFields {
        distribution: Field::new(wanted.distribution),
        guard: Field::new(now.guard.as_str()),
        wide_above: Field::new(now.wide_above.map(|most| most.to_string()).unwrap_or_default()),
        cool_down: Field::new(now.cool_down.as_secs().to_string()),
        reason_required: now.reason_required,
    };
    render(&app, &visitor, form).await
}

/// `POST /settings/protection`
pub async fn set(
    State(app): State<AppState>,
    visitor: Visitor,
    FormBody(form): FormBody<ProtectionForm>,
) -> Result<Response, HttpError> {
    let what = "protect a distribution";
    visitor.require_admin(&app, what).await?;
    let mut fields = ProtectionFields {
        distribution: Field::new(form.distribution.clone()),
        guard: Field::new(form.guard.clone()),
        wide_above: Field::new(form.wide_above.clone()),
        cool_down: Field::new(form.cool_down.clone()),
        reason_required: form.reason_required.is_some(),
    };
    let choose = "Choose a distribution.";
    let id = fields.distribution.check(DistributionId::parse(&form.distribution).ok_or(choose));
    let guard = fields.guard.check(Guard::parse(&form.guard).ok_or(ProtectionError::NoGuard));
    let wide_above = fields.wide_above.check(parse_wide_above(&form.wide_above));
    let cool_down = fields.cool_down.check(parse_cool_down(&form.cool_down));
    if let (Some(distribution), Some(guard), Some(wide_above), Some(cool_down)) =
        (id, guard, wide_above, cool_down)
    {
        let reason_required = fields.reason_required;
        let new = Protection { distribution, guard, wide_above, reason_required, cool_down };
        match commands::protect_distribution(&app.context, &visitor.acting, &new).await {
            Err(CommandError::NotFound) => fields.distribution.error = Some(choose.to_owned()),
            other => {
                visitor.keep(&app, what, other).await?;
                let to = format!("{PATH}?distribution={}", new.distribution);
                return Ok(saved(&to).into_response());
            }
        }
    }
    visitor.refuse_invalid(&app, what, None, &fields.wrong()).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, render(&app, &visitor, fields).await?).into_response())
}

async fn render(
    app: &AppState,
    visitor: &Visitor,
    form: ProtectionFields,
) -> Result<Html<String>, HttpError> {
    let mut conn = app.context.db.read().await?;
    let frame = frame(&mut conn, app, visitor, PATH).await?;
    let all = protections::list(&mut conn).await?;
    let distributions = view::distributions(&mut conn, visitor).await?;
    let chosen =
        distributions.iter().find(|distribution| distribution.id.as_str() == form.distribution.value);
    let picker = view::picker(&mut conn, visitor, Offer { chosen, find: "", gone: true }).await?;
    drop(conn);
    let name = |id: &DistributionId| {
        distributions
            .iter()
            .find(|distribution| distribution.id == *id)
            .map_or_else(|| id.to_string(), Distribution::shown_name)
    };
    view::page(&Page {
        frame,
        picker,
        guards: Guard::ALL
            .into_iter()
            .map(|guard| (guard.as_str(), guard.label(), guard.as_str() == form.guard.value))
            .collect(),
        protected: all
            .iter()
            .map(|one| (one.distribution.to_string(), name(&one.distribution), one.describe()))
            .collect(),
        form,
    })
}
