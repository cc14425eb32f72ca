//! The plan: what a request would do. It is computed before anything is sent.

mod companions;
mod comparison;
mod coverage;
mod input;
mod item_lines;
mod listed;
mod names;
mod needless;
mod parts;
mod savings;
mod siblings;
mod spellings;
mod staging;
mod unfinished;
mod verdict;
mod warnings;

pub(super) use coverage::{covering, widest};

pub use companions::Companion;
pub use comparison::PlanComparison;
pub use input::PlanInput;
pub use item_lines::ItemLines;
pub use parts::{Candidates, Parts};
pub use savings::Saving;
pub(crate) use savings::savings as wildcard_savings;
pub use siblings::Siblings;
pub use staging::StagingOffer;
pub use unfinished::{RefreshedItems, UnfinishedItems};
pub use verdict::{Drop, LineSource, LineVerdict, PlanLine};

use super::{
    batching::{self, Limits, Load},
    item::{Item, ItemError, TargetDistribution},
    price::{self, Dollars},
    quotas::{QuotaUsage, Quotas},
    radius::BlastRadius,
};
use crate::{
    access::{Access, Role},
    distributions::{distribution::Distribution, flat_rate_plan::FlatRatePlan, host_table::HostTable},
    parallel,
};

/// The most lines of one request. More items need several requests.
pub const LINES_MAX: usize = 20_000;

/// What a request would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The lines that are not blank, in their order. What the plan adds or offers for a line follows it.
    pub lines: Vec<PlanLine>,
    /// The items to send, sorted and without repeats.
    pub items: Vec<Item>,
    pub batches: Vec<Vec<Item>>,
    pub warnings: Vec<String>,
    /// The wildcards that would cost less than the paths below them.
    pub savings: Vec<Saving>,
    /// Why the distribution accepts no request. `None` if it accepts requests.
    pub refusal: Option<&'static str>,
    /// What it empties from the cache. `None` if that needs no words, or is not known.
    pub radius: Option<BlastRadius>,
    /// The staging distribution of this one, which this does not reach. `None` if viewers reach none, or if the actor may
    /// not see it.
    pub staging: Option<StagingOffer>,
    /// The flat-rate plan of the distribution. `None` if it is on none, or if that is not known.
    pub flat_rate_plan: Option<FlatRatePlan>,
    /// How many items the account was billed this month before this request, those of distributions on flat-rate plans
    /// left out.
    pub used_this_month: u64,
    /// The items that the distribution has in progress now.
    pub in_flight: Load,
    /// The number of lines, if it is more than [`LINES_MAX`]; otherwise `None`.
    pub too_many_lines: Option<usize>,
}

/// What the plan needs to know besides the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Surroundings {
    pub used_this_month: u64,
    pub in_flight: Load,
    pub limits: Limits,
    pub quotas: Quotas,
    /// What the actor has requested in the last 24 hours.
    pub spent: QuotaUsage,
}

impl Surroundings {
    /// For a plan that nobody sees. What is sent depends on the limits only, so the other values are zero.
    #[must_use]
    pub fn unmeasured(limits: Limits) -> Self {
        let quotas = Quotas { daily_items: None };
        Self { used_this_month: 0, in_flight: Load::default(), limits, quotas, spent: QuotaUsage::default() }
    }
}

impl Plan {
    /// The plan of the typed lines, without grants and without knowledge of other distributions.
    #[must_use]
    pub fn work_out(typed: &str, distribution: &Distribution, around: Surroundings) -> Self {
        let access = Access::whole(Role::Operator);
        let hosts = HostTable::default();
        Self::within(PlanInput::text(typed), &TargetDistribution::new(distribution, &hosts), around, &access)
    }

    /// The plan of what was asked for. It refuses hosts of other distributions and items outside the actor's grants.
    #[must_use]
    pub fn within(
        mut input: PlanInput,
        on: &TargetDistribution<'_>,
        around: Surroundings,
        access: &Access,
    ) -> Self {
        let distribution = on.distribution();
        let count = input.entries.len();
        let too_many_lines = (count > LINES_MAX).then_some(count);
        if input.is_text {
            listed::read_as_names(&mut input.entries, on.mappings());
        }
        input.entries.truncate(LINES_MAX);
        let mut lines = parallel::map(input.entries, |entry| PlanLine::read(entry, on));
        // The order matters: a line that is refused or does nothing must not cover another line.
        coverage::refuse_ungranted(&mut lines, distribution, access);
        if !input.choice.exact {
            needless::drop_useless(&mut lines, distribution);
        }
        coverage::drop_repeats(&mut lines);
        let widest = coverage::drop_covered(&mut lines);
        if !input.choice.is_copy {
            companions::add(&mut lines, &widest, distribution, access, &input.choice);
        }
        let mut items: Vec<Item> = lines.iter().filter_map(PlanLine::item_to_send).cloned().collect();
        items.sort();
        let mut warnings = warnings::warnings(distribution);
        warnings.extend(warnings::perhaps_changed(&lines));
        let over = around.quotas.refusal(items.len(), around.spent);
        warnings.extend(over.map(|why| format!("It would be refused: {why}.")));
        Self {
            batches: batching::split(&items, around.limits),
            warnings,
            savings: savings::savings(&items),
            refusal: distribution.refusal(),
            radius: BlastRadius::of(&items, distribution.traffic.as_ref()),
            staging: None,
            flat_rate_plan: distribution.flat_rate_plan.clone(),
            items,
            lines,
            used_this_month: around.used_this_month,
            in_flight: around.in_flight,
            too_many_lines,
        }
    }

    /// The items that were asked for, without what the plan adds.
    pub fn asked_items(&self) -> impl Iterator<Item = &Item> {
        self.lines.iter().filter_map(|line| match &line.verdict {
            LineVerdict::Send { item, .. } => Some(item),
            _ => None,
        })
    }

    /// Whether the request can be sent without a change.
    #[must_use]
    pub fn is_sendable(&self) -> bool {
        self.refusal.is_none()
            && !self.items.is_empty()
            && self.too_many_lines.is_none()
            && self.refused().next().is_none()
    }

    /// The refused lines with their errors.
    pub fn refused(&self) -> impl Iterator<Item = (&PlanLine, &ItemError)> {
        self.lines.iter().filter_map(PlanLine::refused)
    }

    /// How many items CloudFront counts.
    #[must_use]
    pub fn billable(&self) -> usize {
        self.items.len()
    }

    /// What it costs. `None` on a flat-rate plan: AWS does not say how its paths count.
    #[must_use]
    pub fn cost(&self) -> Option<Dollars> {
        let is_billed = self.flat_rate_plan.is_none();
        is_billed.then(|| price::cost(self.items.len() as u64, self.used_this_month))
    }
}

#[cfg(test)]
mod tests;
