//! Makes the plan for somebody who looks before anything is sent. It only reads.

use crate::{
    commands::{CommandContext, invalidations::monthly_budgets::budgets_applying},
    domain::{
        access::Access,
        actor::Actor,
        distributions::{
            distribution::Distribution,
            protection::{Guard, Protection},
        },
        invalidations::{
            batching::Limits,
            monthly_budget::{BudgetNeeds, BudgetUsage},
            plan::{Plan, PlanInput},
        },
    },
    store::{Conn, StoreError, distributions::protections, invalidations::batches},
};

use super::{look_around::look_around, planning::plan};

/// A plan, and what else decides on the request.
#[derive(Debug)]
pub struct PlanToShow {
    /// With what is used up, and what earlier requests refresh.
    pub plan: Plan,
    pub protection: Protection,
    /// The budgets of the month that apply.
    pub budgets: Vec<BudgetUsage>,
}

impl PlanToShow {
    /// What this needs of its budgets.
    #[must_use]
    pub fn needs(&self) -> BudgetNeeds {
        let mut needs = BudgetNeeds::default();
        needs.add(self.budgets.clone(), self.plan.billable());
        needs
    }

    /// Adds what this needs to that of other distributions in the same request. What waits for a second person counts when
    /// it is approved.
    pub fn add_needs_to(&self, sum: &mut BudgetNeeds) {
        if self.protection.asks(&self.plan.items) != Guard::SecondPerson {
            sum.add(self.budgets.clone(), self.plan.billable());
        }
    }
}

/// The plan of what was asked for, on this distribution, by this actor.
pub async fn plan_to_show(
    context: &CommandContext,
    conn: &mut Conn,
    input: PlanInput,
    distribution: &Distribution,
    (actor, access): (&Actor, &Access),
    limits: Limits,
) -> Result<PlanToShow, StoreError> {
    let around = look_around(context, conn, actor, distribution, limits).await?;
    let mut plan = plan(conn, input, distribution, around, access).await?;
    if !plan.items.is_empty() {
        plan.note_unfinished(&batches::unfinished(conn, &distribution.id).await?);
    }
    let protection = protections::find(conn, &distribution.id).await?;
    let budgets = budgets_applying(context, conn, actor, &distribution.id).await?;
    Ok(PlanToShow { plan, protection, budgets })
}
