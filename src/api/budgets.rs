//! `GET` and `PUT /api/v1/budgets`: the budgets of the month.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::{body::JsonFields, error::ApiError, json::Json, query::Params, state::Api},
    commands::{self, BudgetChange, CommandError},
    domain::invalidations::monthly_budget::{
        BudgetError, BudgetKind, BudgetNeeds, BudgetPassed, BudgetUsage, ITEMS_MAX, check_items,
    },
    http::{caller::Caller, problem::Fault},
};

/// How many items may be sent in a month of one account or distribution, or by one group, person or token.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = MonthlyBudget)]
pub struct MonthlyBudgetShape {
    /// `account`, `distribution`, `group`, `person` or `token`
    #[schema(example = "account")]
    pub scope: String,
    #[schema(example = "123456789012")]
    pub id: String,
    /// What people call it, such as the e-mail address of a person.
    pub name: String,
    /// A request that passes it is warned of.
    pub soft_items: Option<u64>,
    /// A request that passes it is refused.
    pub hard_items: Option<u64>,
    /// The first day of the month, which counts in UTC.
    #[schema(example = "2026-11-01")]
    pub month: String,
    /// The items that count for it: those that CloudFront accepted, and those that are still to be sent.
    pub used: u64,
    /// What is left of `hard_items`, or of `soft_items` where there is no hard number. Null where there is no budget.
    pub left: Option<u64>,
    /// In a plan: the items that count for it if this is requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needs: Option<u64>,
    /// In a plan: what this would pass, `none`, `soft` or `hard`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passes: Option<String>,
}

/// The budgets that the caller may look at.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = MonthlyBudgets)]
pub struct MonthlyBudgetsShape {
    pub budgets: Vec<MonthlyBudgetShape>,
}

/// The budgets that apply to a plan.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[schema(as = PlanBudget)]
pub struct PlanBudgetShape {
    /// What the request would pass: `none`, `soft`, which is a warning, or `hard`, for which it is refused.
    pub passes: String,
    /// Why it is refused, and who may lift that. Null where it is not.
    pub refusal: Option<String>,
    /// Each budget that applies. Distributions of one account share its budget.
    pub budgets: Vec<MonthlyBudgetShape>,
}

/// What to set.
#[derive(Debug, Clone, ToSchema)]
#[schema(as = BudgetChange, example = json!({"scope": "account", "id": "123456789012", "soft_items": 800, "hard_items": 1000}))]
#[expect(dead_code, reason = "it describes the body, which is read field by field")]
pub struct BudgetChangeShape {
    /// `account`, `distribution`, `group`, `person` or `token`
    pub scope: String,
    /// The ID of the account, distribution or token, the name of the group or token, or the e-mail address of the person.
    pub id: String,
    /// Without both numbers the budget is removed.
    pub soft_items: Option<u64>,
    pub hard_items: Option<u64>,
}

impl MonthlyBudgetShape {
    pub fn new(usage: &BudgetUsage) -> Self {
        let BudgetUsage { budget, month, used } = usage;
        let is_set = budget.hard_items.is_some() || budget.soft_items.is_some();
        Self {
            scope: budget.scope.kind.as_str().to_owned(),
            id: budget.scope.id.clone(),
            name: budget.name.clone(),
            soft_items: budget.soft_items,
            hard_items: budget.hard_items,
            month: month.start.date(),
            used: *used,
            left: is_set.then(|| usage.left()),
            needs: None,
            passes: None,
        }
    }

    fn needing(usage: &BudgetUsage, items: u64) -> Self {
        let passes = Some(usage.passed_by(items).as_str().to_owned());
        Self { needs: Some(items), passes, ..Self::new(usage) }
    }
}

impl PlanBudgetShape {
    pub fn new(needs: &BudgetNeeds) -> Self {
        let passes = needs.needs.iter().map(|(usage, items)| usage.passed_by(*items)).max();
        Self {
            passes: passes.unwrap_or(BudgetPassed::None).as_str().to_owned(),
            refusal: needs.refusal().map(|why| format!("It would be refused: {why}.")),
            budgets: needs
                .needs
                .iter()
                .map(|(usage, items)| MonthlyBudgetShape::needing(usage, *items))
                .collect(),
        }
    }
}

/// Show the budgets of the month
///
/// An administrator sees all; others see those of the accounts and distributions that they see, of their groups, and
/// their own.
#[utoipa::path(get, path = "/api/v1/budgets", operation_id = "listBudgets", tag = "Invalidations",
    responses((status = 200, body = MonthlyBudgetsShape)))]
pub async fn list(
    State(api): State<Api>,
    caller: Caller,
    params: Params,
) -> Result<Json<MonthlyBudgetsShape>, ApiError> {
    params.end()?;
    Ok(Json(MonthlyBudgetsShape { budgets: seen(&api, &caller).await? }))
}

/// The budgets that the caller may look at.
pub async fn seen(api: &Api, caller: &Caller) -> Result<Vec<MonthlyBudgetShape>, ApiError> {
    let mut conn = api.context.db.read().await?;
    let actor = &caller.acting.actor;
    let usages = commands::budgets_seen(&api.context, &mut conn, actor, &caller.access).await?;
    Ok(usages.iter().map(MonthlyBudgetShape::new).collect())
}

/// Set or remove a budget of the month
///
/// The numbers replace those that there are. Only an administrator may: no token is one.
#[utoipa::path(put, path = "/api/v1/budgets", operation_id = "setBudget", tag = "Invalidations",
    request_body = BudgetChangeShape, responses((status = 200, body = MonthlyBudgetShape)))]
pub async fn submit(
    State(api): State<Api>,
    caller: Caller,
    params: Params,
    fields: JsonFields,
) -> Result<Json<MonthlyBudgetShape>, ApiError> {
    caller.require_admin()?;
    params.end()?;
    let change = read(fields)?;
    let budget = match commands::set_budget(&api.context, &caller.acting, &change).await {
        Err(CommandError::Budget(error)) => {
            return Err(ApiError::invalid(vec![Fault::new(pointer(error), words(error))]));
        }
        other => other?,
    };
    let now = api.context.clock.now();
    let usage = commands::budget_usage(&mut *api.context.db.read().await?, budget, now).await?;
    Ok(Json(MonthlyBudgetShape::new(&usage)))
}

fn read(mut fields: JsonFields) -> Result<BudgetChange, ApiError> {
    let (scope, named) = (fields.needed_text("scope"), fields.needed_text("id"));
    let (soft_items, hard_items) = (fields.whole_number("soft_items"), fields.whole_number("hard_items"));
    let kind = BudgetKind::parse(&scope);
    if kind.is_none() && !scope.is_empty() {
        fields.fault(pointer(BudgetError::NoKind), words(BudgetError::NoKind));
    }
    if let Err(error) = check_items(soft_items, hard_items) {
        fields.fault(pointer(error), words(error));
    }
    fields.end()?;
    // An empty scope that is there is none either.
    let kind = kind.ok_or_else(|| {
        ApiError::invalid(vec![Fault::new(pointer(BudgetError::NoKind), words(BudgetError::NoKind))])
    })?;
    Ok(BudgetChange { kind, named, soft_items, hard_items })
}

const fn pointer(error: BudgetError) -> &'static str {
    match error {
        BudgetError::NoKind => "/scope",
        BudgetError::Unknown | BudgetError::TooMany => "/id",
        BudgetError::Items | BudgetError::SoftAboveHard => "/soft_items",
    }
}

/// What is wrong, behind the pointer.
fn words(error: BudgetError) -> String {
    match error {
        BudgetError::NoKind => "has to be account, distribution, group, person or token.".to_owned(),
        BudgetError::Unknown => "names nothing of this kind here.".to_owned(),
        BudgetError::TooMany => format!("cannot be added. {error}"),
        BudgetError::Items => format!("and hard_items have to be whole numbers from 0 to {ITEMS_MAX}."),
        BudgetError::SoftAboveHard => "is above hard_items.".to_owned(),
    }
}
