//! `GET` and `POST /api/v1/freezes`, `DELETE /api/v1/freezes/{id}`: the freeze windows.

use axum::{
    extract::{Path, State, rejection::PathRejection},
    http::StatusCode,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::{body::JsonFields, error::ApiError, json::Json, query::Params, state::Api},
    commands::{self, CommandError, FreezeSeen},
    domain::{
        access::Access,
        id::FreezeId,
        invalidations::freeze_window::{
            DISTRIBUTIONS_MAX, FreezeError, FreezeErrors, FreezeScope, FreezeWindow, MetFreezes, TypedFreeze,
        },
        time::Timestamp,
    },
    http::{caller::Caller, problem::Fault},
};

/// A time in which a wide request needs an override and a reason.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = FreezeWindow)]
pub struct FreezeWindowShape {
    pub id: String,
    #[schema(example = "Black Friday")]
    pub name: String,
    pub why: String,
    #[schema(format = DateTime)]
    pub from: String,
    /// The first moment after it.
    #[schema(format = DateTime)]
    pub until: String,
    /// The IDs of its distributions, as far as the caller sees them. Null for all distributions.
    pub distributions: Option<Vec<String>>,
}

/// A freeze window, and what it holds back.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ListedFreezeWindow)]
pub struct ListedFreezeShape {
    #[serde(flatten)]
    pub window: FreezeWindowShape,
    /// `planned`, `in_force` or `ended`
    pub state: String,
    /// The IDs of the waiting requests whose time falls into it and that did not override it. They are put off until its
    /// end.
    pub waiting: Vec<String>,
}

/// The freeze windows that the caller may look at.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = FreezeWindows)]
pub struct FreezeWindowsShape {
    pub freezes: Vec<ListedFreezeShape>,
}

/// The freeze windows that a plan meets.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = PlanFreeze)]
pub struct PlanFreezeShape {
    /// What holds, and what a request needs for it: `override_freeze` and a reason, or an override at its approval.
    pub text: String,
    pub windows: Vec<FreezeWindowShape>,
}

/// What to add.
#[derive(Debug, Clone, ToSchema)]
#[schema(as = NewFreezeWindow, example = json!({"name": "Black Friday", "why": "No risk during the sale.", "from": "2026-11-27T00:00:00Z", "until": "2026-11-30T00:00:00Z", "distributions": ["E2QWRUHAPOMQZL"]}))]
#[expect(dead_code, reason = "it describes the body, which is read field by field")]
pub struct NewFreezeShape {
    #[schema(max_length = 80)]
    pub name: String,
    /// It is shown to everyone who requests something then.
    #[schema(max_length = 300)]
    pub why: String,
    #[schema(format = DateTime)]
    pub from: String,
    /// The first moment after it; at most two years ahead.
    #[schema(format = DateTime)]
    pub until: String,
    /// The IDs of distributions. Without it, all.
    #[schema(max_items = 100)]
    pub distributions: Option<Vec<String>>,
}

impl FreezeWindowShape {
    pub fn new(window: &FreezeWindow) -> Self {
        Self {
            id: window.id.to_string(),
            name: window.name.clone(),
            why: window.why.clone(),
            from: window.from.to_string(),
            until: window.until.to_string(),
            distributions: match &window.scope {
                FreezeScope::All => None,
                FreezeScope::Only(ids) => Some(ids.iter().map(ToString::to_string).collect()),
            },
        }
    }
}

impl ListedFreezeShape {
    fn new(seen: &FreezeSeen, now: Timestamp) -> Self {
        Self {
            window: FreezeWindowShape::new(&seen.window),
            state: seen.window.state(now).as_str().to_owned(),
            waiting: seen.waiting.iter().map(|request| request.invalidation.to_string()).collect(),
        }
    }
}

impl PlanFreezeShape {
    /// With the distributions that the caller sees. `waits` says whether a second person has to approve it first.
    pub fn new(met: &MetFreezes, access: &Access, waits: bool) -> Self {
        let seen = met.windows().iter().filter_map(|window| window.clone().seen(access));
        let windows = seen.map(|window| FreezeWindowShape::new(&window)).collect();
        Self { text: met.advice(waits), windows }
    }
}

/// Show the freeze windows
///
/// Each that is for a distribution that the caller sees, in the order in which they begin, with those that ended in the
/// last 30 days.
#[utoipa::path(get, path = "/api/v1/freezes", operation_id = "listFreezeWindows", tag = "Invalidations",
    responses((status = 200, body = FreezeWindowsShape)))]
pub async fn list(
    State(api): State<Api>,
    caller: Caller,
    params: Params,
) -> Result<Json<FreezeWindowsShape>, ApiError> {
    params.end()?;
    let now = api.context.clock.now();
    let mut conn = api.context.db.read().await?;
    let seen = commands::freezes_seen(&api.context, &mut conn, &caller.access).await?;
    let freezes = seen.iter().map(|one| ListedFreezeShape::new(one, now)).collect();
    Ok(Json(FreezeWindowsShape { freezes }))
}

/// Add a freeze window
///
/// From then on a wide request needs `override_freeze` and a reason while it is in force. Only an administrator may: no
/// token is one.
#[utoipa::path(post, path = "/api/v1/freezes", operation_id = "addFreezeWindow", tag = "Invalidations",
    request_body = NewFreezeShape, responses((status = 201, body = FreezeWindowShape)))]
pub async fn submit(
    State(api): State<Api>,
    caller: Caller,
    params: Params,
    mut fields: JsonFields,
) -> Result<(StatusCode, Json<FreezeWindowShape>), ApiError> {
    caller.require_admin()?;
    params.end()?;
    let typed = TypedFreeze {
        name: fields.needed_text("name"),
        why: fields.needed_text("why"),
        from: fields.needed_text("from"),
        until: fields.needed_text("until"),
        distributions: fields.lines("distributions", DISTRIBUTIONS_MAX),
    };
    fields.end()?;
    match commands::add_freeze(&api.context, &caller.acting, &typed).await {
        Err(CommandError::Freeze(FreezeErrors(errors))) => {
            let faults = errors.into_iter().map(|error| Fault::new(pointer(error), error.to_string()));
            Err(ApiError::invalid(faults.collect()))
        }
        other => Ok((StatusCode::CREATED, Json(FreezeWindowShape::new(&other?)))),
    }
}

/// Remove a freeze window
///
/// What it put off is sent at the time that was chosen for it, or now. Only an administrator may: no token is one.
#[utoipa::path(delete, path = "/api/v1/freezes/{id}", operation_id = "removeFreezeWindow", tag = "Invalidations",
    params(("id" = String, Path, description = "Its ID")), responses((status = 204)))]
pub async fn remove(
    State(api): State<Api>,
    caller: Caller,
    params: Params,
    id: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, ApiError> {
    caller.require_admin()?;
    params.end()?;
    let none = || ApiError::not_found("freeze window");
    let id = id.ok().and_then(|Path(id)| FreezeId::parse(&id)).ok_or_else(none)?;
    match commands::remove_freeze(&api.context, &caller.acting, &id).await {
        Err(CommandError::NotFound) => Err(none()),
        other => {
            other?;
            Ok(StatusCode::NO_CONTENT)
        }
    }
}

const fn pointer(error: FreezeError) -> &'static str {
    match error {
        FreezeError::Name | FreezeError::TooMany => "/name",
        FreezeError::Why => "/why",
        FreezeError::From => "/from",
        FreezeError::Until | FreezeError::EndsFirst | FreezeError::Over | FreezeError::TooFar => "/until",
        FreezeError::Distributions => "/distributions",
    }
}
