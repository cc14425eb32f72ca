//! `POST /api/v1/checks`: looks at what a distribution serves now, without an invalidation.

use axum::{
    extract::State,
    http::{HeaderName, HeaderValue, StatusCode, header},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::{
        body::JsonFields,
        checks::{require_checks, settings::refused},
        error::ApiError,
        json::Json,
        state::Api,
    },
    commands::{self, CommandError},
    domain::id::CheckRunId,
    http::caller::Caller,
    store::checks,
};

use super::representation::CheckRunShape;

/// The most texts that are read. How many URLs a check has is bounded below it.
const LINES_MAX: usize = 100;

/// What to look at.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"distribution": "E2QWRUHAPOMQZL", "urls": ["/news.html"]}))]
pub struct NewCheckRequest {
    /// Its ID, its ARN, a host that it serves (its domain name, an alias, a name under a wildcard alias), or a URL of it.
    #[schema(min_length = 1, max_length = 2048)]
    pub distribution: String,
    /// Paths, or URLs at hosts of the distribution. Where they are left out: those that are set for it, else those that
    /// earlier checks know, else its root.
    pub urls: Option<Vec<String>>,
}

type Started = (StatusCode, [(HeaderName, HeaderValue); 1], Json<CheckRunShape>);

/// Check what viewers get now
///
/// 202: the looks are made at once; ask at `Location` for what they prove. A check without an invalidation finds what is
/// broken. It cannot prove that anything is fresh: there is no moment since which it would have to be.
#[utoipa::path(post, path = "/api/v1/checks", operation_id = "check", tag = "Checks",
    request_body = NewCheckRequest,
    responses((status = 202, body = CheckRunShape, headers(
        ("Location" = String, description = "Where to ask for the verdicts"),
    ))))]
pub async fn submit(
    State(api): State<Api>,
    caller: Caller,
    mut fields: JsonFields,
) -> Result<Started, ApiError> {
    let named = fields.needed_text("distribution");
    let urls = fields.lines("urls", LINES_MAX);
    fields.end()?;
    caller.require_operator(&named)?;
    let mut conn = api.context.db.read().await?;
    let distribution = caller.distribution(&mut conn, &named).await?.id;
    drop(conn);
    require_checks(&api).map_err(|error| error.about(Some(distribution.clone())))?;
    let made = commands::check_distribution(&api.context, &caller.acting, &distribution, &urls).await;
    let id = made.map_err(|error| refused(error).about(Some(distribution)))?;
    let run = checks::find(&mut *api.context.db.read().await?, &id).await?.ok_or(CommandError::NotFound)?;
    Ok((StatusCode::ACCEPTED, location(&id), Json(CheckRunShape::new(&run, true))))
}

fn location(id: &CheckRunId) -> [(HeaderName, HeaderValue); 1] {
    let address = HeaderValue::from_str(&format!("/api/v1/checks/{id}"));
    [(header::LOCATION, address.unwrap_or_else(|_| HeaderValue::from_static("/api/v1/checks")))]
}
