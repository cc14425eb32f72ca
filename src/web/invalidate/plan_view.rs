//! The plan as the page shows it.

use crate::{
    domain::{
        distributions::{
            distribution::Distribution, drift::Drift, flat_rate_plan::FlatRatePlan, host::HostName,
            host_table::HostTable,
        },
        invalidations::{
            batching::{CLOUDFRONT, Load},
            budget::{AccountBills, MonthUsage},
            freeze_window::MetFreezes,
            monthly_budget::{BudgetNeeds, BudgetUsage},
            plan::{LINES_MAX, Plan, PlanLine, Saving},
            price::{self, FREE_A_MONTH},
            radius::BlastRadius,
        },
        time::Timestamp,
    },
    http::session::Visitor,
};

use super::{
    super::view::{FreezeView, LastRefreshView},
    RequestForm,
    compared::ComparedView,
    guard::GuardView,
    load,
    map_folder::UnmappedView,
    plan_line::{LineAct, LinesView},
    staging::StagingView,
};

/// The lines of one distribution, where nobody chose one.
#[derive(Debug, Clone)]
pub struct PartView {
    pub name: String,
    /// `3 paths`
    pub count: String,
    pub lines: LinesView,
    pub warnings: Vec<String>,
    /// How much a wide request empties on a busy site.
    pub radius: Option<String>,
    /// Why these paths have no price.
    pub unpriced: Option<String>,
    /// What changed in the configuration since the last request.
    pub changes: Vec<String>,
}

/// A wildcard that could stand in the place of several paths, as the page offers it.
#[derive(Debug, Clone)]
pub struct SavingView {
    pub wildcard: String,
    /// `7 paths in place of 30`
    pub saves: String,
}

/// The plan as the page shows it.
#[derive(Debug, Clone, Default)]
pub struct PlanView {
    pub lines: LinesView,
    /// What each distribution gets, where nobody chose one.
    pub parts: Vec<PartView>,
    pub savings: Vec<SavingView>,
    /// The folders that have to be mapped first, where the visitor may do that.
    pub unmapped: Option<UnmappedView>,
    pub refused: usize,
    /// How many of the refused lines a button can take out of the form.
    pub removable: usize,
    pub too_many: Option<String>,
    pub warnings: Vec<String>,
    /// How much a wide request empties on a busy site.
    pub radius: Option<String>,
    /// What changed in the configuration since the last request.
    pub changes: Vec<String>,
    /// `3 billable paths`
    pub billable: String,
    /// `$0.02`, or why there is no price.
    pub cost: String,
    /// What is said of the free paths. Empty if nothing is.
    pub free: String,
    /// `about $0.90 by the end of November`. Empty while nobody can tell, and where it costs nothing.
    pub forecast: String,
    /// `the AWS account 1: 95 of 100 items used in November, 5 left`
    pub budgets: Vec<String>,
    /// Why a hard budget does not allow it.
    pub over_budget: Option<String>,
    pub slots: String,
    /// `starts in about 20 s`. Empty where nothing would be sent.
    pub starts: String,
    /// `Usually takes 22 s`. Empty while nobody can tell, and where a second person has to approve first.
    pub usual: String,
    /// What is different from the last request.
    pub compared: Option<ComparedView>,
    pub batches: String,
    /// `Refresh 3 paths`
    pub button: String,
    /// The chosen distribution: its state, its domain, and what became of its last request.
    pub distribution: Option<DistributionView>,
    /// What the protection of the distribution asks for.
    pub guard: Option<GuardView>,
    /// The freeze windows that it meets.
    pub freeze: Option<FreezeView>,
    /// The staging distribution that it does not reach, or reaches because the box is checked.
    pub staging: Option<StagingView>,
}

/// The chosen distribution as the page shows it.
#[derive(Debug, Clone)]
pub struct DistributionView {
    pub state: &'static str,
    pub words: &'static str,
    pub domain: String,
    pub warning: Option<&'static str>,
    pub last: Option<LastRefreshView>,
    /// The root of the site as viewers get it.
    pub site: Option<String>,
    /// How many files of its buckets changed, and the address of the form with them.
    pub changed: Option<(String, String)>,
}

impl PlanView {
    /// Says which freeze windows the plan meets. Where it waits for a second person, they have to override them.
    pub fn freeze_with(&mut self, met: Option<&MetFreezes>, form: &RequestForm, now: Timestamp) {
        let waits = self.guard.as_ref().is_some_and(|guard| guard.waits);
        let may_go_alone = self.guard.as_ref().is_some_and(|guard| guard.may_go_alone);
        self.freeze = met.map(|met| FreezeView {
            is_overridden: form.override_freeze.is_some(),
            waits,
            has_box: !waits || may_go_alone,
            ..FreezeView::new(met, now)
        });
    }

    /// Says on the button that everything is refreshed, and where.
    pub fn button_for(&mut self, plan: &Plan, distribution: &Distribution) {
        if plan.is_sendable() && plan.items.iter().any(|item| item.prefix() == Some("/")) {
            self.button = format!("Refresh everything on {}", distribution.shown_name());
        }
    }

    /// Says what the plan needs of its budgets. Where it waits for a second person, it is refused when it is approved.
    pub fn hold_to(&mut self, needs: &BudgetNeeds) {
        let line = |usage: &BudgetUsage| format!("{}: {}", usage.budget.whose(), usage.describe());
        self.budgets = needs.needs.iter().map(|(usage, _)| line(usage)).collect();
        self.warnings.extend(needs.warnings());
        let waits = self.guard.as_ref().is_some_and(|guard| guard.waits);
        let refused = if waits { "Approval would be refused" } else { "It would be refused" };
        self.over_budget = needs.refusal().map(|why| format!("{refused}: {why}."));
        if self.over_budget.is_some() && !waits {
            "Invalidate".clone_into(&mut self.button);
        }
    }

    /// Says what changed in the configurations of the parts since their last requests.
    pub fn tell_changes_of_parts(&mut self, drifts: &[Option<Drift>]) {
        for (part, drift) in self.parts.iter_mut().zip(drifts) {
            part.changes = drift.as_ref().map(Drift::texts).unwrap_or_default();
        }
    }

    /// Adds the part of the staging distribution to the plan of its primary one, and both to the totals.
    pub fn add_staging(&mut self, plans: &[(Distribution, Plan); 2], now: Timestamp) {
        let both = Self::of_parts(plans, &[], now);
        self.parts = both.parts.into_iter().skip(1).collect();
        self.refused = both.refused;
        (self.billable, self.cost, self.free) = (both.billable, both.cost, both.free);
        self.button = button_of_parts(plans, both.refused, "distributions");
        // It is that of the primary one alone.
        self.forecast = String::new();
    }

    pub fn of_parts(plans: &[(Distribution, Plan)], unplaced: &[PlanLine], now: Timestamp) -> Self {
        let refused_of = |plan: &Plan| plan.refused().count();
        let unplaced_refused = unplaced.iter().filter(|line| line.refused().is_some()).count();
        let refused = plans.iter().map(|(_, plan)| refused_of(plan)).sum::<usize>() + unplaced_refused;
        let bills = bills(plans);
        Self {
            lines: LinesView::new(unplaced),
            parts: plans.iter().map(PartView::new).collect(),
            refused,
            billable: counted(billable_of(plans), "billable path"),
            cost: bills.cost().map_or_else(|| "no known price".to_owned(), |cost| cost.to_string()),
            free: free_of(plans, &bills, now),
            button: button_of_parts(plans, refused, "sites"),
            ..Self::default()
        }
    }

    pub fn new(plan: &Plan, now: Timestamp) -> Self {
        let paths = counted(plan.billable(), "path");
        let used = plan.used_this_month;
        let load = load(plan);
        Self {
            lines: LinesView::new(&plan.lines),
            savings: plan.savings.iter().map(|saving| SavingView::new(saving, plan)).collect(),
            refused: plan.refused().count(),
            too_many: plan.too_many_lines.map(|count| {
                format!("These are {count} lines; one request takes at most {LINES_MAX}. Split them into several requests.")
            }),
            warnings: plan.warnings.clone(),
            billable: counted(plan.billable(), if plan.cost().is_some() { "billable path" } else { "path" }),
            radius: plan.radius.as_ref().map(BlastRadius::describe),
            cost: plan.cost().map_or_else(|| "no known price".to_owned(), |cost| cost.to_string()),
            free: match &plan.flat_rate_plan {
                Some(flat_rate) => flat_rate.describe(),
                None => free(used, now),
            },
            forecast: forecast(plan, now),
            slots: slots(load, plan.in_flight),
            batches: match plan.batches.len() {
                0 | 1 => String::new(),
                many => format!("sent in {many} batches, as CloudFront's limits allow"),
            },
            button: if plan.is_sendable() { format!("Refresh {paths}") } else { "Invalidate".to_owned() },
            ..Self::default()
        }
    }
}

/// How much of CloudFront's limits is in use and how much the plan needs: of wildcards always, of paths where that is much.
fn slots(needed: Load, in_flight: Load) -> String {
    let of_kind = |used: usize, needed: usize, most: usize, kind: &str| {
        let more = if needed > 0 { format!(", {needed} more with this") } else { String::new() };
        format!("{used} of {most} {kind} slots in use{more}")
    };
    let wildcards = of_kind(in_flight.wildcards, needed.wildcards, CLOUDFRONT.wildcards, "wildcard");
    if in_flight.paths + needed.paths <= CLOUDFRONT.paths / 2 {
        return wildcards;
    }
    let paths = of_kind(in_flight.paths, needed.paths, CLOUDFRONT.paths, "path");
    format!("{wildcards}; {paths}")
}

/// What all parts cost. Each account has free paths of its own, and its distributions share them.
fn bills(plans: &[(Distribution, Plan)]) -> AccountBills {
    let mut bills = AccountBills::default();
    for (distribution, plan) in plans {
        bills.add(distribution.account(), plan);
    }
    bills
}

/// How many free paths are used, where all parts are of one account.
fn free_of(plans: &[(Distribution, Plan)], bills: &AccountBills, now: Timestamp) -> String {
    let free = match (bills.count(), plans.iter().find(|(_, plan)| plan.cost().is_some())) {
        (1, Some((_, plan))) => free(plan.used_this_month, now),
        (0, _) if !plans.is_empty() => String::new(),
        (count, _) => format!("{count} accounts"),
    };
    let unpriced = usize::try_from(bills.unpriced()).unwrap_or(usize::MAX);
    let is_of_some = unpriced > 0 && bills.count() > 0;
    if is_of_some { format!("{free}; {} without a known price", counted(unpriced, "path")) } else { free }
}

fn forecast(plan: &Plan, now: Timestamp) -> String {
    if plan.flat_rate_plan.is_some() {
        return String::new();
    }
    let cost = MonthUsage::new(plan.used_this_month, now).cost_by_its_end(plan.billable() as u64);
    let cost = cost.filter(|cost| *cost > price::cost(0, 0));
    cost.map(|cost| format!("about {cost} by the end of {}", now.month_name())).unwrap_or_default()
}

fn free(used: u64, now: Timestamp) -> String {
    format!(
        "{} of {FREE_A_MONTH} free paths used in {} before this",
        used.min(FREE_A_MONTH),
        now.month_name()
    )
}

impl PartView {
    fn new((distribution, plan): &(Distribution, Plan)) -> Self {
        let host = distribution.names().find(|name| !name.contains('*')).unwrap_or_default();
        let mut lines = LinesView::new(&plan.lines);
        for line in &mut lines.offered.shown {
            // Without a chosen distribution, a path alone names none.
            if let Some(LineAct::Add(item)) = &mut line.act {
                *item = format!("https://{host}{item}");
            }
        }
        Self {
            name: distribution.shown_name(),
            count: counted(plan.billable(), "path"),
            lines,
            warnings: plan.warnings.iter().cloned().chain(plan.refusal.map(str::to_owned)).collect(),
            radius: plan.radius.as_ref().map(BlastRadius::describe),
            unpriced: plan.flat_rate_plan.as_ref().map(FlatRatePlan::describe),
            changes: Vec::new(),
        }
    }
}

impl SavingView {
    fn new(saving: &Saving, plan: &Plan) -> Self {
        let left = plan.billable() + 1 - saving.replaces;
        Self {
            wildcard: saving.wildcard.to_string(),
            saves: format!("{} in place of {}", counted(left, "path"), plan.billable()),
        }
    }
}

impl PlanView {
    /// Adds the right distribution to the message of a line whose URL belongs to another one: probably the wrong
    /// distribution was chosen. Only distributions that the visitor may see are named.
    pub fn name_the_right_distribution(&mut self, plan: &Plan, all: &[Distribution], visitor: &Visitor) {
        let hosts = HostTable::of_living(all);
        let seen = |distribution: &&Distribution| visitor.access.sees(&distribution.id);
        for (line, error) in plan.refused() {
            let Some(host) = error.host().and_then(HostName::parse) else { continue };
            let owners = hosts.served_by(&host);
            let Some(right) = all.iter().filter(seen).find(|distribution| owners.contains(&distribution.id))
            else {
                continue;
            };
            let begin = format!("Line {} ", line.number);
            for shown in self.lines.refused.shown.iter_mut().filter(|shown| shown.note.starts_with(&begin)) {
                shown.note =
                    format!("{} It is served by {}: choose that one above.", shown.note, right.shown_name());
            }
        }
    }
}

fn billable_of(plans: &[(Distribution, Plan)]) -> usize {
    plans.iter().map(|(_, plan)| plan.billable()).sum()
}

/// What the button does, such as `Refresh 3 paths on 2 sites`. `places` is what the parts are called there.
fn button_of_parts(plans: &[(Distribution, Plan)], refused: usize, places: &str) -> String {
    let paths = billable_of(plans);
    let is_sendable = refused == 0 && plans.iter().all(|(_, plan)| plan.is_sendable()) && paths > 0;
    if !is_sendable {
        return "Invalidate".to_owned();
    }
    let on = if plans.len() > 1 { format!(" on {} {places}", plans.len()) } else { String::new() };
    format!("Refresh {}{on}", counted(paths, "path"))
}

/// `1 path`, `3 paths`
pub fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
