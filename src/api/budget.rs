//! `GET /api/v1/budget`: what each account was billed this month, and what is left.

use std::collections::BTreeSet;

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::{
        budgets::{self, MonthlyBudgetShape},
        error::ApiError,
        json::Json,
        query::Params,
        state::Api,
    },
    domain::{
        distributions::distribution::Distribution,
        invalidations::{budget::MonthUsage, price::Dollars},
    },
    http::caller::Caller,
    store::{distributions, invalidations::batches},
};

/// What the accounts were billed this month.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Budget)]
pub struct BudgetShape {
    /// The first day of the month, which counts in UTC.
    #[schema(example = "2026-11-01")]
    pub month: String,
    /// Each account of a distribution that the caller may see, in the order of their IDs.
    pub accounts: Vec<AccountBudgetShape>,
    /// The budgets of the month that the caller may look at.
    pub budgets: Vec<MonthlyBudgetShape>,
}

/// What one account was billed this month, as far as Unstale knows.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = AccountBudget)]
pub struct AccountBudgetShape {
    /// The ID of the AWS account. Empty while it is not known.
    pub account: String,
    /// The paths that CloudFront took, those of other tools too where Unstale has seen them.
    pub paths: u64,
    /// How many of them are of distributions on flat-rate plans. AWS does not say how it counts those, so they are in none
    /// of the numbers below.
    pub flat_rate_paths: u64,
    pub free_paths_left: u64,
    #[schema(example = "17.06")]
    pub dollars: String,
    pub forecast: Option<ForecastShape>,
}

/// What the month will have by its end, if it goes on as it did so far. Null on the first day of a month.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Forecast)]
pub struct ForecastShape {
    pub paths: u64,
    #[schema(example = "20.00")]
    pub dollars: String,
}

impl ForecastShape {
    /// The forecast, with `more` paths that would be sent now.
    pub fn new(usage: MonthUsage, more: u64) -> Option<Self> {
        let (paths, cost) = (usage.forecast?, usage.cost_by_its_end(more)?);
        Some(Self { paths: paths.saturating_add(more), dollars: digits(cost) })
    }
}

/// Show what is left of the month
///
/// The accounts of the distributions that the caller may see. Each has 1,000 free paths a month.
#[utoipa::path(get, path = "/api/v1/budget", operation_id = "showBudget", tag = "Invalidations",
    responses((status = 200, body = BudgetShape)))]
pub async fn show(
    State(api): State<Api>,
    caller: Caller,
    params: Params,
) -> Result<Json<BudgetShape>, ApiError> {
    params.end()?;
    let now = api.context.clock.now();
    let (month, until) = (now.start_of_month(), now.and_a_moment());
    let mut conn = api.context.db.read().await?;
    let all = distributions::list(&mut conn).await?;
    let seen = all.iter().filter(|distribution| caller.access.sees(&distribution.id));
    let names: BTreeSet<&str> = seen.map(Distribution::account).collect();
    let mut accounts = Vec::with_capacity(names.len());
    for account in names {
        let taken = batches::taken_between(&mut conn, account, month, until).await?;
        let usage = MonthUsage::new(taken.billed, now);
        accounts.push(AccountBudgetShape {
            account: account.to_owned(),
            paths: taken.billed.saturating_add(taken.on_flat_rate_plans),
            flat_rate_paths: taken.on_flat_rate_plans,
            free_paths_left: usage.free_left(),
            dollars: digits(usage.cost()),
            forecast: ForecastShape::new(usage, 0),
        });
    }
    drop(conn);
    let budgets = budgets::seen(&api, &caller).await?;
    Ok(Json(BudgetShape { month: month.date(), accounts, budgets }))
}

/// The amount without its sign.
pub fn digits(amount: Dollars) -> String {
    amount.to_string().trim_start_matches('$').to_owned()
}
