//! What a month of invalidations costs an account, so far and by its end.

use std::collections::BTreeMap;

use super::{
    plan::Plan,
    price::{self, Dollars, FREE_A_MONTH},
};
use crate::time::Timestamp;

/// The least part of a month that a forecast is made from. Less says nothing about a month.
const PART_MIN: f64 = 1.0 / 31.0;

/// What an account was billed in a calendar month (UTC), as far as Unstale knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthUsage {
    pub items: u64,
    /// How many items the month will have if it goes on as it did so far. `None` on its first day.
    pub forecast: Option<u64>,
}

impl MonthUsage {
    /// The usage of the month in which `now` lies.
    #[must_use]
    pub fn new(items: u64, now: Timestamp) -> Self {
        Self { items, forecast: forecast(items, now) }
    }

    /// How many free items are left.
    #[must_use]
    pub const fn free_left(self) -> u64 {
        FREE_A_MONTH.saturating_sub(self.items)
    }

    #[must_use]
    pub const fn cost(self) -> Dollars {
        price::cost(self.items, 0)
    }

    /// What the whole month will cost, if `more` items are sent now and it goes on as it did so far.
    #[must_use]
    pub fn cost_by_its_end(self, more: u64) -> Option<Dollars> {
        self.forecast.map(|items| price::cost(items.saturating_add(more), 0))
    }
}

/// What a request for several distributions costs. Those of one account share its free items.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountBills {
    /// The items to send and those that were billed this month, by account.
    accounts: BTreeMap<String, (u64, u64)>,
    /// The items of distributions on flat-rate plans, which have no known price.
    unpriced: u64,
}

impl AccountBills {
    /// Adds the plan of one distribution of this account.
    pub fn add(&mut self, account: &str, plan: &Plan) {
        let items = plan.billable() as u64;
        if plan.flat_rate_plan.is_some() {
            self.unpriced += items;
            return;
        }
        let (sum, so_far) = self.accounts.entry(account.to_owned()).or_default();
        *sum += items;
        *so_far = plan.used_this_month;
    }

    /// What all but the unpriced items cost. `None` if there are none but those.
    #[must_use]
    pub fn cost(&self) -> Option<Dollars> {
        let is_priced = self.unpriced == 0 || !self.accounts.is_empty();
        is_priced.then(|| self.accounts.values().map(|(items, used)| price::cost(*items, *used)).sum())
    }

    /// How many of the items belong to distributions on flat-rate plans.
    #[must_use]
    pub const fn unpriced(&self) -> u64 {
        self.unpriced
    }

    /// How many free items the accounts have left together, before the request.
    #[must_use]
    pub fn free_left(&self) -> u64 {
        self.accounts.values().map(|(_, used)| FREE_A_MONTH.saturating_sub(*used)).sum()
    }

    /// How many accounts pay for a part of it.
    #[must_use]
    pub fn count(&self) -> usize {
        self.accounts.len()
    }
}

/// How many items the month will have by its end.
#[expect(clippy::cast_precision_loss, reason = "a forecast needs no more digits")]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is not negative, and a number that is too large becomes the largest one"
)]
fn forecast(items: u64, now: Timestamp) -> Option<u64> {
    let (start, end) = (now.start_of_month(), now.start_of_next_month());
    let part = now.since(start).as_secs_f64() / end.since(start).as_secs_f64();
    (part >= PART_MIN).then(|| (items as f64 / part).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        distributions::{distribution::tests::sample, flat_rate_plan::FlatRatePlan},
        invalidations::{batching, plan::Surroundings},
    };

    /// A plan of so many items, in a month in which so many were billed.
    fn plan(items: usize, used_this_month: u64, flat_rate_plan: Option<&str>) -> Plan {
        let mut distribution = sample();
        distribution.flat_rate_plan = flat_rate_plan.map(FlatRatePlan::parse);
        let typed: String = (0..items).map(|n| format!("/{n}\n")).collect();
        let around = Surroundings { used_this_month, ..Surroundings::unmeasured(batching::OURS) };
        Plan::work_out(&typed, &distribution, around)
    }

    fn usage(items: u64, now: &str) -> MonthUsage {
        MonthUsage::new(items, Timestamp::parse(now).unwrap())
    }

    #[test]
    fn a_month_goes_on_as_it_began() {
        assert_eq!(usage(900, "2026-11-16T00:00:00Z").forecast, Some(1_800));
        assert_eq!(usage(900, "2026-11-30T23:59:59Z").forecast, Some(900));
        assert_eq!(usage(0, "2026-02-10T00:00:00Z").forecast, Some(0));
        assert_eq!(usage(900, "2026-11-01T10:00:00Z").forecast, None, "a morning says nothing");
        let middle = usage(900, "2026-11-16T00:00:00Z");
        assert_eq!((middle.free_left(), middle.cost().to_string().as_str()), (100, "$0.00"));
        assert_eq!(middle.cost_by_its_end(200).unwrap().to_string(), "$5.00");
    }

    #[test]
    fn distributions_of_one_account_share_its_free_items() {
        let mut bills = AccountBills::default();
        bills.add("1", &plan(6, 990, None));
        bills.add("1", &plan(6, 990, None));
        bills.add("2", &plan(10, 995, None));
        assert_eq!((bills.cost().unwrap().to_string().as_str(), bills.free_left()), ("$0.035", 15));
    }

    #[test]
    fn what_is_on_a_flat_rate_plan_has_no_price_and_takes_no_free_items() {
        let on_a_plan = plan(6, 990, Some("PRO"));
        assert_eq!((on_a_plan.cost(), on_a_plan.billable()), (None, 6));
        let mut bills = AccountBills::default();
        bills.add("1", &on_a_plan);
        assert_eq!((bills.cost(), bills.unpriced(), bills.count()), (None, 6, 0));
        bills.add("1", &plan(12, 990, None));
        assert_eq!((bills.cost().unwrap().to_string().as_str(), bills.unpriced()), ("$0.01", 6));
        assert!(AccountBills::default().cost().is_some(), "nothing costs nothing");
    }
}
