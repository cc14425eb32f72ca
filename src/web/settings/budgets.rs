//! The budgets of the month: the page, and the form for administrators.

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use serde::Deserialize;

use crate::{
    commands::{self, BudgetChange, CommandError},
    domain::{
        access::Role,
        distributions::distribution::Distribution,
        invalidations::monthly_budget::{BudgetError, BudgetKind, BudgetUsage, check_items, parse_items},
    },
    http::{error::HttpError, params::QueryParams, session::Visitor, state::AppState},
    store::StoreError,
    web::saved::saved,
};

use super::{
    super::{
        form::{Field, FormBody},
        view::{self, Frame},
    },
    frame,
};

const PATH: &str = "/settings/budgets";
/// The number of distributions that the form offers by name.
const OFFERED: usize = 200;

#[derive(Template)]
#[template(path = "settings/budgets.html")]
struct Page {
    frame: Frame,
    is_admin: bool,
    month: String,
    budgets: Vec<BudgetRow>,
    form: BudgetFields,
    /// The value, the label, and whether it is chosen.
    kinds: Vec<(&'static str, &'static str, bool)>,
    /// What may be written for `id`, and what it is.
    offered: Vec<(String, String)>,
}

/// A budget as a row of the table.
struct BudgetRow {
    kind: &'static str,
    label: &'static str,
    id: String,
    name: String,
    soft: String,
    hard: String,
    used: u64,
    left: u64,
    /// The address of the form with its numbers.
    change: String,
    /// The words for how it stands, and the state that goes with them.
    standing: (&'static str, &'static str),
}

/// The fields of the form, each with what is wrong with it.
struct BudgetFields {
    scope: Field,
    id: Field,
    soft_items: Field,
    hard_items: Field,
}

#[derive(Debug, Default, Deserialize)]
pub struct BudgetForm {
    #[serde(default)]
    scope: String,
    #[serde(default)]
    id: String,
    #[serde(default)]
    soft_items: String,
    #[serde(default)]
    hard_items: String,
}

impl BudgetFields {
    fn new(form: &BudgetForm) -> Self {
        Self {
            scope: Field::new(form.scope.clone()),
            id: Field::new(form.id.clone()),
            soft_items: Field::new(form.soft_items.clone()),
            hard_items: Field::new(form.hard_items.clone()),
        }
    }

    /// What is to be set. `None` if a field is wrong.
    fn read(&mut self) -> Option<BudgetChange> {
        let kind = self.scope.check(BudgetKind::parse(&self.scope.value).ok_or(BudgetError::NoKind));
        let named = self.id.value.trim().to_owned();
        let named = self.id.check(if named.is_empty() { Err(BudgetError::Unknown) } else { Ok(named) });
        let soft = self.soft_items.check(parse_items(&self.soft_items.value));
        let hard = self.hard_items.check(parse_items(&self.hard_items.value));
        let (soft_items, hard_items) = (soft?, hard?);
        self.soft_items.check(check_items(soft_items, hard_items))?;
        Some(BudgetChange { kind: kind?, named: named?, soft_items, hard_items })
    }

    /// Puts the message at the field that it is about.
    fn note(&mut self, error: BudgetError) {
        let field = match error {
            BudgetError::NoKind => &mut self.scope,
            BudgetError::Unknown | BudgetError::TooMany => &mut self.id,
            BudgetError::Items => &mut self.hard_items,
            BudgetError::SoftAboveHard => &mut self.soft_items,
        };
        field.error = Some(error.to_string());
    }

    /// All messages in one line, for the history.
    fn wrong(&self) -> String {
        let fields = [&self.scope, &self.id, &self.soft_items, &self.hard_items];
        fields.into_iter().filter_map(|field| field.error.as_deref()).collect::<Vec<_>>().join(" ")
    }
}

/// `GET /settings/budgets`
pub async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    QueryParams(form): QueryParams<BudgetForm>,
) -> Result<Html<String>, HttpError> {
    render(&app, &visitor, BudgetFields::new(&form)).await
}

/// `POST /settings/budgets`: without numbers the budget is removed.
pub async fn set(
    State(app): State<AppState>,
    visitor: Visitor,
    FormBody(form): FormBody<BudgetForm>,
) -> Result<Response, HttpError> {
    let what = "set a budget";
    visitor.require_admin(&app, what).await?;
    let mut fields = BudgetFields::new(&form);
    if let Some(mut change) = fields.read() {
        if change.kind == BudgetKind::Distribution {
            change.named = distribution_id(&app, &visitor, change.named).await?;
        }
        match commands::set_budget(&app.context, &visitor.acting, &change).await {
            Err(CommandError::Budget(error)) => fields.note(error),
            other => {
                visitor.keep(&app, what, other).await?;
                return Ok(saved(PATH).into_response());
            }
        }
    }
    visitor.refuse_invalid(&app, what, None, &fields.wrong()).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, render(&app, &visitor, fields).await?).into_response())
}

/// The ID of the distribution of this name, alias, domain or ID. What names none stays as it is: a budget can be removed
/// although its distribution is gone.
async fn distribution_id(app: &AppState, visitor: &Visitor, typed: String) -> Result<String, StoreError> {
    let mut conn = app.context.db.read().await?;
    let found = view::named_distribution(&mut conn, visitor, &typed).await?;
    Ok(found.map_or(typed, |distribution| distribution.id.to_string()))
}

async fn render(app: &AppState, visitor: &Visitor, form: BudgetFields) -> Result<Html<String>, HttpError> {
    let mut conn = app.context.db.read().await?;
    let frame = frame(&mut conn, app, visitor, PATH).await?;
    let actor = &visitor.acting.actor;
    let usages = commands::budgets_seen(&app.context, &mut conn, actor, &visitor.access).await?;
    let distributions = view::distributions(&mut conn, visitor).await?;
    drop(conn);
    let is_admin = visitor.access.role == Role::Admin;
    view::page(&Page {
        frame,
        is_admin,
        month: app.context.clock.now().month_name(),
        budgets: usages.iter().map(|usage| BudgetRow::new(usage, &distributions)).collect(),
        kinds: BudgetKind::ALL
            .into_iter()
            .map(|kind| (kind.as_str(), kind.label(), kind.as_str() == form.scope.value))
            .collect(),
        offered: if is_admin { offered(&distributions) } else { Vec::new() },
        form,
    })
}

/// The accounts and distributions, as the form offers them.
fn offered(distributions: &[Distribution]) -> Vec<(String, String)> {
    let mut accounts: Vec<&str> = distributions.iter().map(Distribution::account).collect();
    accounts.sort_unstable();
    accounts.dedup();
    let accounts = accounts.into_iter().filter(|id| !id.is_empty());
    let accounts = accounts.map(|id| (id.to_owned(), BudgetKind::Account.label().to_owned()));
    let sites = distributions.iter().take(OFFERED);
    accounts.chain(sites.map(|one| (one.id.to_string(), one.shown_name()))).collect()
}

impl BudgetRow {
    fn new(usage: &BudgetUsage, distributions: &[Distribution]) -> Self {
        let BudgetUsage { budget, used, .. } = usage;
        let number = |items: Option<u64>| items.map(|items| items.to_string()).unwrap_or_default();
        let is_site = budget.scope.kind == BudgetKind::Distribution;
        let site = distributions.iter().find(|one| is_site && one.id.as_str() == budget.scope.id);
        let standing = if budget.hard_items.is_some_and(|most| *used >= most) {
            ("Used up", "failed")
        } else if budget.soft_items.is_some_and(|most| *used > most) {
            ("Above the soft budget", "needs_a_look")
        } else {
            ("Within", "completed")
        };
        let (soft, hard) = (number(budget.soft_items), number(budget.hard_items));
        let parameters = [
            ("scope", budget.scope.kind.as_str()),
            ("id", &budget.scope.id),
            ("soft_items", &soft),
            ("hard_items", &hard),
        ];
        Self {
            change: view::address(PATH, &parameters),
            kind: budget.scope.kind.as_str(),
            label: budget.scope.kind.label(),
            id: budget.scope.id.clone(),
            name: site.map_or_else(|| budget.name.clone(), Distribution::shown_name),
            soft,
            hard,
            used: *used,
            left: usage.left(),
            standing,
        }
    }
}
