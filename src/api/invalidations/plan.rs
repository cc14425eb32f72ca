//! `POST /api/v1/plan`: what a request would do. Nothing is stored.

use std::{borrow::Cow, sync::Arc};

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::{
        body::JsonFields,
        budget::{ForecastShape, digits},
        budgets::PlanBudgetShape,
        error::ApiError,
        freezes::PlanFreezeShape,
        invalidations::{
            radius::RadiusShape,
            requests::{self, PlanRequest, WantedPlan},
            staging::{StagingShape, staged},
        },
        json::Json,
        state::Api,
    },
    commands::{self, PlacedInput, PlanQuestion, PlanToShow},
    domain::{
        access::Access,
        distributions::{
            distribution::Distribution,
            drift::{ConfigurationChange, Drift},
            protection::{Guard, name_to_type},
        },
        invalidations::{
            batching::{CLOUDFRONT, Load},
            budget::{AccountBills, MonthUsage},
            item::{Doubt, Item},
            monthly_budget::BudgetNeeds,
            plan::{Drop, LineVerdict, Plan, PlanInput, PlanLine, Saving},
            price::FREE_A_MONTH,
        },
        time::Timestamp,
    },
    http::caller::Caller,
    store::Conn,
};

/// What a request would do, worked out before anything is sent.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[schema(as = Plan)]
pub struct PlanShape {
    /// The ID of the distribution. Empty where the plan has parts.
    pub distribution: String,
    /// Where no distribution was named, and with `staging`: the plan of each, in the order of their IDs. The other fields are then sums, and
    /// `lines` are those that belong to none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(no_recursion)]
    pub parts: Vec<PlanShape>,
    /// What would be sent: cleaned up, sorted, each once.
    pub items: Vec<String>,
    /// Whether a request would be accepted, with what `needs`, `reason_required` and `freeze` ask for. Otherwise a line is
    /// refused, nothing would be sent, `refusal` says why the distribution takes no requests, or `budget.refusal` which
    /// budget does not allow it.
    pub sendable: bool,
    pub refusal: Option<String>,
    /// What becomes of each item that was asked for, in its order. What the plan adds or offers follows the line that
    /// needs it, with the same index.
    pub lines: Vec<LineShape>,
    /// How many paths and wildcards each batch would have.
    pub batches: Vec<LoadShape>,
    /// How much a wide request empties on a busy site. Null where that needs no words, or is not known.
    pub radius: Option<RadiusShape>,
    /// How many paths CloudFront counts.
    pub billable_paths: usize,
    /// How many of them are of distributions on flat-rate plans. AWS does not say how it counts those, so they have no
    /// price.
    pub unpriced_paths: usize,
    /// The tier of the distribution's flat-rate plan. Null if it is on none, or if that is not known.
    #[schema(example = "PRO")]
    pub flat_rate_plan: Option<String>,
    /// What it costs in US dollars, as far as Unstale knows what was used this month; without the unpriced paths. Null if
    /// all paths are unpriced.
    #[schema(example = "0.15")]
    pub dollars: Option<String>,
    /// How many of the month's free paths are left before it. Null if all paths are unpriced.
    pub free_paths_left: Option<u64>,
    /// What the account's month will cost with it, if it goes on as it did so far. Null on the first day of a month, and if
    /// all paths are unpriced.
    pub forecast: Option<ForecastShape>,
    /// The budgets of the month that apply, and what this needs of them.
    pub budget: PlanBudgetShape,
    /// What the distribution has in progress now.
    pub in_flight: LoadShape,
    /// About when the first batch would be sent, if the request were made now: what waits before it, the pace of calls and
    /// the limits are counted. Null where nothing would be sent.
    pub starts_at: Option<String>,
    /// What CloudFront lets a distribution have in progress.
    pub limits: LoadShape,
    pub warnings: Vec<String>,
    /// The wildcards that would cost less than the paths below them. They also clear files that nobody named.
    pub savings: Vec<SavingShape>,
    /// `nothing`, `typed_name` (send it as `confirm`) or `second_person` (it waits for approval).
    pub needs: String,
    /// The name to send as `confirm`, where that is needed.
    pub confirm: Option<String>,
    pub reason_required: bool,
    /// The freeze windows that this meets when it is sent. Null where it meets none, or is not wide.
    pub freeze: Option<PlanFreezeShape>,
    /// What changed in the configuration of the distribution since its last request.
    pub changes: Vec<ChangeShape>,
    /// The staging distribution that viewers reach and that has a cache of its own. With `"staging": true` it is another
    /// part of the plan; otherwise the request does not reach it. Null where there is none, or none that the token may see.
    pub staging: Option<StagingShape>,
}

/// A change of a distribution's configuration since its last request, by whomever.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ConfigurationChange)]
pub struct ChangeShape {
    /// `tag_header`, `root_object`, `error_page`, `web_acl`, `function` or `origin_path`
    #[schema(example = "tag_header")]
    pub code: &'static str,
    /// When that request was made.
    #[schema(format = DateTime)]
    pub since: String,
    /// What changed, and what it means for this request.
    pub text: String,
}

/// One item as it was asked for.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = PlanLine)]
pub struct LineShape {
    /// Its place in what was asked for, from 0.
    pub index: usize,
    pub typed: String,
    /// `send`; `added`: the plan sends it too; `offered`: it would be sent if it were asked for; `dropped`: it is not
    /// sent; or `refused`: nothing is sent before it is corrected.
    pub verdict: &'static str,
    /// As CloudFront would get it. Empty where the line names nothing.
    pub item: String,
    /// The ID of the distribution. Null where the line belongs to none.
    #[schema(value_type = Option<String>)]
    pub distribution: Option<Arc<str>>,
    /// What was changed, why it was dropped, added or refused, or what to know about it.
    #[schema(value_type = Vec<String>)]
    pub notes: Vec<Cow<'static, str>>,
    /// `typed`, `plan`, or the name of the tool that printed it.
    pub source: &'static str,
}

/// A wildcard that could stand in the place of several paths.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Saving)]
pub struct SavingShape {
    pub item: String,
    /// How many of the plan's items it covers.
    pub replaces: usize,
}

/// So many items of each kind.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
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
/// Nothing is kept or sent. The answer says what becomes of each line and why, the batches, the billable paths and the
/// price. Lines that are refused are told with the others, and `sendable` is false then.
#[utoipa::path(post, path = "/api/v1/plan", operation_id = "plan", tag = "Invalidations",
    request_body = PlanRequest, responses((status = 200, body = PlanShape)))]
pub async fn show(
    State(api): State<Api>,
    caller: Caller,
    fields: JsonFields,
) -> Result<Json<PlanShape>, ApiError> {
    let WantedPlan { wanted, not_before } = WantedPlan::read(fields, api.context.clock.now())?;
    let mut conn = api.context.db.read().await?;
    let placed = match &wanted.distribution {
        Some(named) => {
            let distribution = caller.distribution(&mut conn, named).await?;
            if !wanted.staging {
                let input = (wanted.input(), not_before);
                let shown = planned(&api, &caller, &mut conn, &distribution, input).await?;
                let now = api.context.clock.now();
                return Ok(Json(PlanShape::new(shown, &distribution, &caller.access, now)));
            }
            PlacedInput::on(distribution, wanted.input())
        }
        None => commands::place(&mut conn, wanted.input(), &caller.access).await?,
    };
    let placed = staged(&api, &caller, &mut conn, &wanted, placed).await?;
    Ok(Json(in_parts(&api, &caller, &mut conn, placed, not_before).await?))
}

async fn in_parts(
    api: &Api,
    caller: &Caller,
    conn: &mut Conn,
    placed: PlacedInput,
    not_before: Option<Timestamp>,
) -> Result<PlanShape, ApiError> {
    let (mut parts, mut bills) = (Vec::with_capacity(placed.parts.len()), AccountBills::default());
    let mut needs = BudgetNeeds::default();
    for (distribution, input) in placed.parts {
        let shown = planned(api, caller, conn, &distribution, (input, not_before)).await?;
        shown.add_needs_to(&mut needs);
        bills.add(distribution.account(), &shown.plan);
        parts.push(PlanShape::new(shown, &distribution, &caller.access, api.context.clock.now()));
    }
    let none_is_refused = placed.unplaced.iter().all(|line| line.refused().is_none());
    Ok(PlanShape {
        distribution: String::new(),
        sendable: none_is_refused
            && !parts.is_empty()
            && parts.iter().all(|part| part.sendable)
            && needs.refusal().is_none(),
        lines: placed.unplaced.into_iter().map(|line| LineShape::new(line, None)).collect(),
        billable_paths: parts.iter().map(|part| part.billable_paths).sum(),
        unpriced_paths: parts.iter().map(|part| part.unpriced_paths).sum(),
        dollars: bills.cost().map(digits),
        free_paths_left: bills.cost().map(|_| bills.free_left()),
        budget: PlanBudgetShape::new(&needs),
        reason_required: parts.iter().any(|part| part.reason_required),
        needs: "nothing".to_owned(),
        limits: LoadShape { paths: CLOUDFRONT.paths, wildcards: CLOUDFRONT.wildcards },
        parts,
        ..PlanShape::default()
    })
}

/// The plan of one distribution, from what is known of it now.
async fn planned(
    api: &Api,
    caller: &Caller,
    conn: &mut Conn,
    distribution: &Distribution,
    (input, not_before): (PlanInput, Option<Timestamp>),
) -> Result<PlanToShow, ApiError> {
    let question = PlanQuestion {
        input,
        distribution,
        actor: &caller.acting.actor,
        access: &caller.access,
        throughput: api.throughput,
        not_before,
    };
    let shown = commands::plan_to_show(&api.context, conn, question).await?;
    if let Some(allowed) = requests::not_granted(&shown.plan) {
        let why = format!("outside the grants, which here allow {allowed}");
        return Err(ApiError::not_allowed(why));
    }
    Ok(shown)
}

impl PlanShape {
    /// Says what the plan needs of its budgets.
    fn hold_to(&mut self, needs: &BudgetNeeds) {
        self.budget = PlanBudgetShape::new(needs);
        self.warnings.extend(needs.warnings());
        // What waits for a second person is kept, and refused when it is approved.
        let waits = self.needs == Guard::SecondPerson.as_str();
        match self.budget.refusal.take_if(|_| waits) {
            Some(_) => {
                let refusal = needs.refusal().map(|why| format!("Approval would be refused: {why}."));
                self.warnings.extend(refusal);
            }
            None => self.sendable &= self.budget.refusal.is_none(),
        }
    }

    /// The plan of one distribution, as far as `access` may know it.
    fn new(shown: PlanToShow, distribution: &Distribution, access: &Access, now: Timestamp) -> Self {
        let (needs, waits) = (shown.needs(), shown.waits());
        let PlanToShow { plan, protection, starts_at, freezes, drift, .. } = shown;
        let guard = protection.asks(&plan.items);
        let needed = if guard == Guard::Open { "nothing" } else { guard.as_str() };
        let mut shape = Self {
            needs: needed.to_owned(),
            confirm: (guard == Guard::TypedName).then(|| name_to_type(distribution).to_owned()),
            reason_required: protection.reason_required,
            starts_at: starts_at.map(|at| at.to_string()),
            freeze: freezes.as_ref().map(|met| PlanFreezeShape::new(met, access, waits)),
            changes: drift.as_ref().map(ChangeShape::of).unwrap_or_default(),
            ..Self::of_plan(plan, distribution, now)
        };
        shape.hold_to(&needs);
        shape
    }

    /// What the plan alone says. Its texts are moved, because a plan may have 20,000 lines.
    fn of_plan(plan: Plan, distribution: &Distribution, now: Timestamp) -> Self {
        let id: Arc<str> = distribution.id.as_str().into();
        let forecast =
            || ForecastShape::new(MonthUsage::new(plan.used_this_month, now), plan.billable() as u64);
        Self {
            distribution: distribution.id.to_string(),
            sendable: plan.is_sendable(),
            refusal: plan.refusal.map(str::to_owned),
            batches: plan.batches.iter().map(|batch| LoadShape::new(Load::of(batch))).collect(),
            billable_paths: plan.billable(),
            radius: plan.radius.as_ref().map(RadiusShape::new),
            unpriced_paths: if plan.cost().is_some() { 0 } else { plan.billable() },
            flat_rate_plan: plan.flat_rate_plan.as_ref().map(|plan| plan.as_str().to_owned()),
            dollars: plan.cost().map(digits),
            free_paths_left: plan.cost().map(|_| FREE_A_MONTH.saturating_sub(plan.used_this_month)),
            forecast: plan.cost().and_then(|_| forecast()),
            in_flight: LoadShape::new(plan.in_flight),
            limits: LoadShape { paths: CLOUDFRONT.paths, wildcards: CLOUDFRONT.wildcards },
            savings: plan.savings.iter().map(SavingShape::new).collect(),
            staging: plan.staging.as_ref().map(StagingShape::new),
            warnings: plan.warnings,
            items: plan.items.into_iter().map(Item::into_string).collect(),
            lines: plan.lines.into_iter().map(|line| LineShape::new(line, Some(&id))).collect(),
            ..Self::default()
        }
    }
}

impl ChangeShape {
    fn of(drift: &Drift) -> Vec<Self> {
        let shape = |change: &ConfigurationChange| Self {
            code: change.code(),
            since: drift.since.to_string(),
            text: change.text(drift.since),
        };
        drift.changes.iter().map(shape).collect()
    }
}

impl SavingShape {
    fn new(saving: &Saving) -> Self {
        Self { item: saving.wildcard.to_string(), replaces: saving.replaces }
    }
}

impl LineShape {
    fn new(line: PlanLine, distribution: Option<&Arc<str>>) -> Self {
        let (verdict, item, notes) = match line.verdict {
            LineVerdict::Send { item, mendings, doubts } => {
                let notes = mendings.into_iter().map(|mending| Cow::Borrowed(mending.label()));
                let notes = notes.chain(doubts.into_iter().map(Doubt::label));
                let notes = notes.chain(item.reach().map(Cow::Owned)).collect();
                ("send", Some(item), notes)
            }
            LineVerdict::Dropped { item, why } => {
                let why = match why {
                    Drop::Repeats(first) => format!("the same as /items/{}", first - 1),
                    other => other.describe(),
                };
                ("dropped", item, vec![Cow::Owned(why)])
            }
            LineVerdict::Added { item, why } => ("added", Some(item), vec![Cow::Borrowed(why.label())]),
            LineVerdict::Offered { item, why } => {
                let notes = [Some(Cow::Borrowed(why.label())), item.reach().map(Cow::Owned)];
                ("offered", Some(item), notes.into_iter().flatten().collect())
            }
            LineVerdict::Refused(error) => ("refused", None, vec![Cow::Owned(error.to_string())]),
        };
        Self {
            index: line.number - 1,
            typed: line.typed,
            verdict,
            item: item.map(Item::into_string).unwrap_or_default(),
            distribution: distribution.cloned(),
            notes,
            source: line.source.label(),
        }
    }
}
