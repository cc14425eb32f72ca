//! `POST /api/v1/plan`: what a request would do. Nothing is stored.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::{
        body::JsonFields,
        error::ApiError,
        invalidations::requests::{self, InvalidationRequest, PlanRequest},
        json::Json,
        state::Api,
    },
    domain::{
        distributions::{
            distribution::Distribution,
            protection::{Guard, Protection, name_to_type},
        },
        invalidations::{
            batching::{CLOUDFRONT, Load},
            plan::{Drop, LineVerdict, Plan, PlanLine},
            price::FREE_A_MONTH,
        },
    },
    http::caller::Caller,
    store::distributions::protections,
};

/// What a request would do, worked out before anything is sent.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Plan)]
pub struct PlanShape {
    /// The ID of the distribution.
    pub distribution: String,
    /// What would be sent: cleaned up, sorted, each once.
    pub items: Vec<String>,
    /// What becomes of each item that was asked for, in its order.
    pub lines: Vec<LineShape>,
    /// How many paths and wildcards each batch would have.
    pub batches: Vec<LoadShape>,
    pub billable_paths: usize,
    /// What it costs in US dollars, as far as Unstale knows what was used this month.
    #[schema(example = "0.15")]
    pub dollars: String,
    /// How many of the month's free paths are left before it.
    pub free_paths_left: u64,
    /// What the distribution has in progress now.
    pub in_flight: LoadShape,
    /// What CloudFront lets a distribution have in progress.
    pub limits: LoadShape,
    pub warnings: Vec<String>,
    /// `nothing`, `typed_name` (send it as `confirm`) or `second_person` (it waits for approval).
    pub needs: String,
    /// The name to send as `confirm`, where that is needed.
    pub confirm: Option<String>,
    pub reason_required: bool,
}

/// One item as it was asked for.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = PlanLine)]
pub struct LineShape {
    /// Its place in what was asked for, from 0.
    pub index: usize,
    pub typed: String,
    /// `send` or `dropped`.
    pub verdict: String,
    /// As CloudFront would get it.
    pub item: String,
    /// What was changed, why it was dropped, or what to know about it.
    pub notes: Vec<String>,
}

/// So many items of each kind.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Load)]
pub struct LoadShape {
    pub paths: usize,
    pub wildcards: usize,
}

impl LoadShape {
    const fn new(load: Load) -> Self {
        Self { paths: load.paths, wildcards: load.wildcards }
    }
}

/// Work out what a request would do
///
/// Nothing is kept or sent. The answer says what is dropped and why, the batches, the billable paths and the price.
#[utoipa::path(post, path = "/api/v1/plan", operation_id = "plan", tag = "Invalidations",
    request_body = PlanRequest, responses((status = 200, body = PlanShape)))]
pub async fn show(
    State(api): State<Api>,
    caller: Caller,
    fields: JsonFields,
) -> Result<Json<PlanShape>, ApiError> {
    let (named, items) = InvalidationRequest::plan(fields)?;
    let mut conn = api.context.db.read().await?;
    let distribution = caller.distribution(&mut conn, &named).await?;
    let protection = protections::find(&mut conn, &distribution.id).await?;
    drop(conn);
    let plan = requests::work_out(&api, &caller, &distribution, &items).await?;
    if let Some(allowed) = requests::not_granted(&plan) {
        let why = format!("outside the grants, which here allow {allowed}");
        return Err(ApiError::not_allowed(why));
    }
    requests::check(&plan)?;
    Ok(Json(PlanShape::new(&plan, &distribution, &protection)))
}

impl PlanShape {
    fn new(plan: &Plan, distribution: &Distribution, protection: &Protection) -> Self {
        let guard = protection.asks(&plan.items);
        let needs = if guard == Guard::Open { "nothing" } else { guard.as_str() };
        Self {
            distribution: distribution.id.to_string(),
            items: plan.items.iter().map(ToString::to_string).collect(),
            lines: plan.lines.iter().map(LineShape::new).collect(),
            batches: plan.batches.iter().map(|batch| LoadShape::new(Load::of(batch))).collect(),
            billable_paths: plan.billable(),
            dollars: plan.cost().to_string().trim_start_matches('$').to_owned(),
            free_paths_left: FREE_A_MONTH.saturating_sub(plan.used_this_month),
            in_flight: LoadShape::new(plan.in_flight),
            limits: LoadShape { paths: CLOUDFRONT.paths, wildcards: CLOUDFRONT.wildcards },
            warnings: plan.warnings.clone(),
            needs: needs.to_owned(),
            confirm: (guard == Guard::TypedName).then(|| name_to_type(distribution).to_owned()),
            reason_required: protection.reason_required,
        }
    }
}

impl LineShape {
    fn new(line: &PlanLine) -> Self {
        let (verdict, item, notes) = match &line.verdict {
            LineVerdict::Send { item, mendings, doubts } => {
                let words = mendings.iter().map(|mending| mending.label());
                let words = words.chain(doubts.iter().map(|doubt| doubt.label())).map(str::to_owned);
                ("send", item.to_string(), words.chain(item.reach()).collect())
            }
            LineVerdict::Dropped { item, why } => {
                let why = match why {
                    Drop::Repeats(first) => format!("the same as /items/{}", first - 1),
                    Drop::CoveredBy(wildcard) => format!("already covered by {wildcard}"),
                };
                ("dropped", item.to_string(), vec![why])
            }
            // Plans with refused lines never get here: they are answered with an error for each line.
            LineVerdict::Refused(error) => ("refused", String::new(), vec![error.to_string()]),
        };
        Self { index: line.number - 1, typed: line.typed.clone(), verdict: verdict.to_owned(), item, notes }
    }
}
