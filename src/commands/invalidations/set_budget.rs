//! Sets or removes a budget of the month.

use crate::{
    commands::{CommandContext, CommandError, access::authorize},
    domain::{
        actor::Acting,
        audit::{Action, Event, Target},
        id::DistributionId,
        invalidations::monthly_budget::{
            BUDGETS_MAX, BudgetError, BudgetKind, BudgetScope, MonthlyBudget, check_items, describe_items,
        },
    },
    store::{Tx, audit, invalidations::monthly_budgets},
};

/// What somebody sets. Without both numbers the budget is removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetChange {
    pub kind: BudgetKind,
    /// The ID of an account, distribution or token, the name of a group or token, or the e-mail address of a person.
    pub named: String,
    pub soft_items: Option<u64>,
    pub hard_items: Option<u64>,
}

/// Sets the budget, and returns it as it is now. The event is written even if nothing changes.
pub async fn set_budget(
    context: &CommandContext,
    acting: &Acting,
    change: &BudgetChange,
) -> Result<MonthlyBudget, CommandError> {
    let tx = context.db.begin().await?;
    let mut tx = authorize::check_admin(context, tx, acting, &Target::act("set a budget")).await?;
    check_items(change.soft_items, change.hard_items)?;
    let is_removal = change.soft_items.is_none() && change.hard_items.is_none();
    let (scope, name) = find_scope(&mut tx, change, is_removal).await?;
    let old = monthly_budgets::find(&mut tx, &scope).await?;
    let new = MonthlyBudget { scope, name, soft_items: change.soft_items, hard_items: change.hard_items };
    if is_removal {
        monthly_budgets::remove(&mut tx, &new.scope).await?;
    } else {
        if old.is_none() && monthly_budgets::list(&mut tx).await?.len() >= BUDGETS_MAX {
            return Err(BudgetError::TooMany.into());
        }
        monthly_budgets::set(&mut tx, &new).await?;
    }
    let mut event = Event::new(context.clock.now(), acting, Action::BudgetChanged);
    event.target = Target::Settings(format!("budget of {}", new.whose()));
    if new.scope.kind == BudgetKind::Distribution {
        event.distribution = DistributionId::parse(&new.scope.id);
    }
    event.old = old.map_or_else(|| describe_items(None, None), |old| old.describe());
    event.new = new.describe();
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok(new)
}

/// What the budget is for. A budget can be removed although that is gone.
async fn find_scope(
    tx: &mut Tx,
    change: &BudgetChange,
    is_removal: bool,
) -> Result<(BudgetScope, String), CommandError> {
    let (kind, named) = (change.kind, change.named.trim());
    if let Some((id, name)) = monthly_budgets::resolve(tx, kind, named).await? {
        return Ok((BudgetScope { kind, id }, name));
    }
    let scope = BudgetScope { kind, id: named.to_owned() };
    match monthly_budgets::find(tx, &scope).await? {
        Some(kept) if is_removal => Ok((scope, kept.name)),
        _ => Err(BudgetError::Unknown.into()),
    }
}
