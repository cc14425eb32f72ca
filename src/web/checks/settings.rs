//! `/distributions/{id}/checks`: what the checks of a distribution look at. For administrators.

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};

use crate::{
    commands::{self, CommandError},
    domain::{
        checks::{APIS_MAX, ApiMethod, CheckSettings, EDGE_LOCATIONS_MAX, settings},
        distributions::distribution::Distribution,
        id::DistributionId,
    },
    http::{error::HttpError, params::PathParams, session::Visitor, state::AppState},
    store::checks,
    web::saved::saved,
};

use super::{
    super::{
        form::{FormBody, LIST},
        view::{self, Frame, Tab},
    },
    api_fields::ApiFields,
    settings_form::{CheckSettingsFields, CheckSettingsForm},
};

const WHAT: &str = "set the checks of a distribution";

#[derive(Template)]
#[template(path = "checks/settings.html")]
struct Page {
    frame: Frame,
    id: String,
    name: String,
    /// The hosts that it serves, each as one name.
    hosts: Vec<String>,
    /// The host that is looked at if none is set.
    usual_host: String,
    form: CheckSettingsFields,
    api_groups: Vec<ApiFields>,
    methods: [ApiMethod; 3],
    /// Whether secret headers can be kept.
    keeps_secrets: bool,
    apis_max: usize,
    edge_locations_max: usize,
    urls_max: usize,
    headers_max: usize,
}

/// `GET /distributions/{id}/checks`
pub async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
) -> Result<Html<String>, HttpError> {
    visitor.require_admin(&app, "see the check settings").await?;
    let id = DistributionId::parse(&id).ok_or(HttpError::NotFound)?;
    let now = checks::settings::find(&mut *app.context.db.read().await?, &id).await?;
    render(&app, &visitor, &id, CheckSettingsFields::stored(&now)).await
}

/// `POST /distributions/{id}/checks`
pub async fn set(
    State(app): State<AppState>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
    FormBody(form): FormBody<CheckSettingsForm, LIST>,
) -> Result<Response, HttpError> {
    visitor.require_admin(&app, WHAT).await?;
    let Some(id) = DistributionId::parse(&id) else { return Err(visitor.no_such(&app, WHAT).await) };
    let mut fields = CheckSettingsFields::typed(form);
    if let Some(new) = fields.new_settings() {
        match commands::set_check_settings(&app.context, &visitor.acting, &id, new).await {
            Err(CommandError::CheckSettings(error)) => fields.refuse(&error),
            other => {
                visitor.keep(&app, WHAT, other).await?;
                return Ok(saved(&format!("/distributions/{id}")).into_response());
            }
        }
    }
    visitor.refuse_invalid(&app, WHAT, Some(&id), &fields.wrong()).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, render(&app, &visitor, &id, fields).await?).into_response())
}

async fn render(
    app: &AppState,
    visitor: &Visitor,
    id: &DistributionId,
    form: CheckSettingsFields,
) -> Result<Html<String>, HttpError> {
    let mut conn = app.context.db.read().await?;
    let path = format!("/distributions/{id}/checks");
    let frame = view::frame(&mut conn, app, visitor, Tab::Distributions, "Checks", &path).await?;
    let distribution = view::distribution(&mut conn, visitor, id).await?.ok_or(HttpError::NotFound)?;
    drop(conn);
    view::page(&Page {
        frame,
        id: id.to_string(),
        name: distribution.shown_name(),
        hosts: hosts(&distribution),
        usual_host: CheckSettings::default().primary_host(&distribution).unwrap_or_default(),
        api_groups: form.api_groups(),
        form,
        methods: ApiMethod::ALL,
        keeps_secrets: app.context.keeps_secrets(),
        apis_max: APIS_MAX,
        edge_locations_max: EDGE_LOCATIONS_MAX,
        urls_max: settings::URLS_MAX,
        headers_max: settings::HEADERS_MAX,
    })
}

/// The aliases that are one name, and the distribution's own domain.
fn hosts(distribution: &Distribution) -> Vec<String> {
    let names = distribution.aliases.iter().chain([&distribution.domain_name]);
    names.filter(|name| !name.starts_with("*.")).cloned().collect()
}
