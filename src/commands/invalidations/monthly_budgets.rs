//! Holds requests to the budgets of the month, and reads the budgets that somebody may look at.

use crate::{
    commands::{
        CommandContext, CommandError,
        access::authorize::{self, AccessRefusal},
        audit::refuse::Attempt,
    },
    domain::{
        access::{Access, Role},
        actor::{Acting, Actor},
        distributions::distribution::Distribution,
        id::DistributionId,
        invalidations::{
            invalidation::NewInvalidation,
            monthly_budget::{BudgetKind, BudgetScope, BudgetUsage, CountedMonths, MonthlyBudget, scope_of},
        },
        time::Timestamp,
    },
    store::{
        Conn, StoreError, Tx,
        access::local_groups,
        distributions,
        invalidations::{monthly_budgets, preconditions::Preconditions},
    },
};

/// Proof that a request fits the budgets of the month, in the transaction that accepts it. Only [`hold`] and
/// [`none_is_set`] make one.
#[derive(Debug)]
pub(in crate::commands) struct WithinBudgets(());

/// What counts for budgets, and for whose.
#[derive(Debug, Clone, Copy)]
pub(in crate::commands) struct Charge<'a> {
    pub distribution: &'a DistributionId,
    pub requested_by: &'a Actor,
    pub items: usize,
    pub months: CountedMonths,
}

impl<'a> Charge<'a> {
    /// What a new request counts.
    pub fn of(new: &'a NewInvalidation, requested_by: &'a Actor, now: Timestamp) -> Self {
        Self {
            distribution: &new.distribution,
            requested_by,
            items: new.item_count(),
            months: CountedMonths::new(now, new.not_before.unwrap_or(now)),
        }
    }
}

/// The proof where the same transaction has read that nobody has set a budget.
pub(super) fn none_is_set(before: &Preconditions) -> Option<WithinBudgets> {
    (!before.has_budgets).then_some(WithinBudgets(()))
}

/// Goes on where no hard budget would be passed. Otherwise the refusal is recorded, and the caller has to commit.
pub(in crate::commands) async fn hold(
    context: &CommandContext,
    tx: &mut Tx,
    acting: &Acting,
    asked: &Attempt<'_>,
    charge: Charge<'_>,
) -> Result<WithinBudgets, CommandError> {
    let Charge { distribution, requested_by, items, months } = charge;
    let usages = monthly_budgets::hold(tx, distribution, requested_by, months).await?;
    let items = u64::try_from(items).unwrap_or(u64::MAX);
    match usages.iter().find_map(|usage| usage.refusal(items)) {
        Some(why) => {
            Err(authorize::refuse_within(context, tx, acting, asked, AccessRefusal::OverBudget(why)))
        }
        None => Ok(WithinBudgets(())),
    }
}

/// The budgets that apply to what this actor would request now, each with what is used of it. It only reads.
pub(in crate::commands) async fn budgets_applying(
    context: &CommandContext,
    conn: &mut Conn,
    actor: &Actor,
    distribution: &DistributionId,
) -> Result<Vec<BudgetUsage>, StoreError> {
    let now = context.clock.now();
    monthly_budgets::applying(conn, distribution, actor, CountedMonths::new(now, now)).await
}

/// The budgets that somebody may look at, with what is used of each: an administrator all; others those of the accounts
/// and distributions that they see, of their groups, and their own. It only reads.
pub async fn budgets_seen(
    context: &CommandContext,
    conn: &mut Conn,
    actor: &Actor,
    access: &Access,
) -> Result<Vec<BudgetUsage>, StoreError> {
    let mut all = monthly_budgets::list(conn).await?;
    if access.role != Role::Admin && !all.is_empty() {
        let seen = SeenScopes::read(conn, actor, access).await?;
        all.retain(|budget| seen.has(&budget.scope));
    }
    let now = context.clock.now();
    let mut usages = Vec::with_capacity(all.len());
    for budget in all {
        usages.push(budget_usage(conn, budget, now).await?);
    }
    Ok(usages)
}

/// What is used of a budget this month. It only reads.
pub async fn budget_usage(
    conn: &mut Conn,
    budget: MonthlyBudget,
    now: Timestamp,
) -> Result<BudgetUsage, StoreError> {
    let month = CountedMonths::new(now, now).of(budget.scope.kind);
    let used = monthly_budgets::used(conn, &budget.scope, month).await?;
    Ok(BudgetUsage { budget, month, used })
}

/// What the budgets are for that somebody who is no administrator may look at.
struct SeenScopes {
    own: Option<BudgetScope>,
    groups: Vec<String>,
    distributions: Vec<Distribution>,
}

impl SeenScopes {
    async fn read(conn: &mut Conn, actor: &Actor, access: &Access) -> Result<Self, StoreError> {
        let groups = match actor.person_id() {
            Some(person) => local_groups::of_person(conn, person).await?,
            None => Vec::new(),
        };
        let mut distributions = distributions::list(conn).await?;
        distributions.retain(|distribution| access.sees(&distribution.id));
        Ok(Self { own: scope_of(actor), groups, distributions })
    }

    fn has(&self, scope: &BudgetScope) -> bool {
        let is_seen = |found: &dyn Fn(&Distribution) -> bool| self.distributions.iter().any(found);
        match scope.kind {
            BudgetKind::Account => is_seen(&|distribution| distribution.account() == scope.id),
            BudgetKind::Distribution => is_seen(&|distribution| distribution.id.as_str() == scope.id),
            BudgetKind::Group => self.groups.contains(&scope.id),
            BudgetKind::Person | BudgetKind::Token => self.own.as_ref() == Some(scope),
        }
    }
}
