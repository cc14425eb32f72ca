//! Makes the plan for somebody who looks before anything is sent. It only reads.

use std::{collections::HashSet, time::Duration};

use crate::{
    commands::{
        CommandContext,
        invalidations::{freezes, monthly_budgets::budgets_applying},
    },
    domain::{
        access::Access,
        actor::Actor,
        distributions::{
            distribution::Distribution,
            drift::Drift,
            protection::{Guard, Protection},
        },
        invalidations::{
            batching::Load,
            freeze_window::MetFreezes,
            item::Item,
            monthly_budget::{BudgetNeeds, BudgetUsage},
            plan::{Plan, PlanInput},
            queue::Throughput,
            retry,
        },
        time::Timestamp,
    },
    store::{
        Conn, StoreError, audit,
        distributions::{drift, protections},
        invalidations::{batches, queue},
    },
};

use super::{look_around::look_around, planning::plan, staging};

/// A plan, and what else decides on the request.
#[derive(Debug)]
pub struct PlanToShow {
    /// With what is used up, and what earlier requests refresh.
    pub plan: Plan,
    pub protection: Protection,
    /// The budgets of the month that apply.
    pub budgets: Vec<BudgetUsage>,
    /// About when the first batch would be sent. `None` if nothing would be sent.
    pub starts_at: Option<Timestamp>,
    /// How long CloudFront usually takes there. `None` if too few invalidations say that.
    pub usual: Option<Duration>,
    /// The freeze windows that it meets when it is sent.
    pub freezes: Option<MetFreezes>,
    /// What changed in the configuration since the last request, as far as whoever looks may know it.
    pub drift: Option<Drift>,
}

/// What a plan is wanted for.
#[derive(Debug)]
pub struct PlanQuestion<'a> {
    pub input: PlanInput,
    pub distribution: &'a Distribution,
    pub actor: &'a Actor,
    pub access: &'a Access,
    pub throughput: Throughput,
    /// When it would be sent. `None` means now.
    pub not_before: Option<Timestamp>,
}

impl PlanToShow {
    /// What this needs of its budgets.
    #[must_use]
    pub fn needs(&self) -> BudgetNeeds {
        let mut needs = BudgetNeeds::default();
        needs.add(self.budgets.clone(), self.plan.billable());
        needs
    }

    /// Whether a second person has to approve it.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.protection.asks(&self.plan.items) == Guard::SecondPerson
    }

    /// Adds what this needs to that of other distributions in the same request. What waits for a second person counts when
    /// it is approved.
    pub fn add_needs_to(&self, sum: &mut BudgetNeeds) {
        if !self.waits() {
            sum.add(self.budgets.clone(), self.plan.billable());
        }
    }
}

/// The plan of what was asked for, on this distribution, by this actor.
pub async fn plan_to_show(
    context: &CommandContext,
    conn: &mut Conn,
    PlanQuestion { input, distribution, actor, access, throughput, not_before }: PlanQuestion<'_>,
) -> Result<PlanToShow, StoreError> {
    let around = look_around(context, conn, actor, distribution, throughput.limits).await?;
    let is_copy = input.is_copy();
    let mut plan = plan(conn, input, distribution, around, access).await?;
    staging::tell(conn, &mut plan, distribution, access).await?;
    if !plan.items.is_empty() {
        plan.note_unfinished(&batches::unfinished(conn, &distribution.id).await?);
    }
    if !plan.items.is_empty() && !is_copy {
        let siblings = plan.siblings(distribution, access);
        let known = audit::known_items(conn, &distribution.id, siblings.items()).await?;
        let known: HashSet<Item> = known.into_iter().cloned().collect();
        plan.offer_siblings(siblings, |item| known.contains(item));
    }
    let protection = protections::find(conn, &distribution.id).await?;
    let budgets = budgets_applying(context, conn, actor, &distribution.id).await?;
    let now = context.clock.now();
    let sent_at = not_before.map_or(now, |at| at.max(now));
    let usual = batches::usual_time(conn, &distribution.id).await?;
    let pace = (throughput, usual.unwrap_or(retry::USUAL));
    let starts_at = starts_at(context, conn, &plan, distribution, pace).await?;
    let starts_at = starts_at.map(|at| at.max(sent_at));
    let freezes = freezes::met_freezes(conn, &plan.items, &protection, sent_at).await?;
    let drift = if plan.items.is_empty() { None } else { drift_of(conn, distribution, access).await? };
    Ok(PlanToShow { plan, protection, budgets, starts_at, usual, freezes, drift })
}

/// About when the first batch would be sent if the request were made now.
async fn starts_at(
    context: &CommandContext,
    conn: &mut Conn,
    plan: &Plan,
    distribution: &Distribution,
    (throughput, usual): (Throughput, Duration),
) -> Result<Option<Timestamp>, StoreError> {
    let Some(first) = plan.batches.first().filter(|_| plan.is_sendable()) else { return Ok(None) };
    let now = context.clock.now();
    let place = queue::place_of_new(conn, &distribution.id, Load::of(first), now).await?;
    let Some(place) = place else { return Ok(None) };
    Ok(Some(place.starts_at(plan.in_flight, throughput, usual, now)))
}

/// What changed since the last request of a distribution.
async fn drift_of(
    conn: &mut Conn,
    distribution: &Distribution,
    access: &Access,
) -> Result<Option<Drift>, StoreError> {
    let Some(config) = &distribution.config else { return Ok(None) };
    let Some(earlier) = drift::earlier_config(conn, &distribution.id).await? else { return Ok(None) };
    let Some(last) = drift::last_request(conn, &distribution.id).await? else { return Ok(None) };
    let found = Drift::of(&earlier, config, last);
    Ok(if access.is_narrowed() { found.and_then(Drift::without_paths) } else { found })
}
