//! What a month costs each account, so far and by its end.

use crate::{
    domain::{
        insights::DayRange,
        invalidations::{
            budget::MonthUsage,
            price::{self, Dollars, FREE_A_MONTH},
        },
        time::Timestamp,
    },
    store::insights::AccountMonth,
    web::view::grouped,
};

/// The bill of one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountBill {
    /// Empty while it is not known.
    pub account: String,
    /// Those that have a price.
    pub paths: u64,
    pub on_flat_rate_plans: u64,
    pub cost: Dollars,
    /// The paths and the price of the whole month, if it goes on as it did so far. `None` of a month that is over, and on the
    /// first day of one.
    pub forecast: Option<(u64, Dollars)>,
}

impl AccountBill {
    /// What is expected for the whole month, as far as that is known.
    pub fn expected(&self) -> Dollars {
        self.forecast.map_or(self.cost, |(_, cost)| cost)
    }

    pub fn paths_shown(&self) -> String {
        grouped(self.paths)
    }

    /// How much of the free paths is used, in percent: at most 100.
    pub fn used(&self) -> u64 {
        (self.paths * 100 / FREE_A_MONTH).min(100)
    }

    /// `1,140, $0.70`
    pub fn forecast_shown(&self) -> Option<String> {
        self.forecast.map(|(paths, cost)| format!("{}, {cost}", grouped(paths)))
    }
}

/// The bills of a month.
pub fn bills(accounts: &[AccountMonth], month: DayRange, now: Timestamp) -> Vec<AccountBill> {
    let is_present = month == DayRange::month_of(now);
    let bill = |account: &AccountMonth| {
        let usage = MonthUsage::new(account.paths, now);
        let forecast = usage.forecast.zip(usage.cost_by_its_end(0)).filter(|_| is_present);
        AccountBill {
            account: account.account.clone(),
            paths: account.paths,
            on_flat_rate_plans: account.on_flat_rate_plans,
            cost: price::cost(account.paths, 0),
            forecast,
        }
    };
    accounts.iter().map(bill).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_present_month_has_a_forecast() {
        let now = Timestamp::parse("2026-11-16T00:00:00Z").unwrap();
        let account =
            AccountMonth { account: "123456789012".to_owned(), paths: 1_200, on_flat_rate_plans: 3 };
        let of = |month| bills(std::slice::from_ref(&account), month, now).remove(0);
        let present = of(DayRange::month_of(now));
        assert_eq!(
            (present.cost.to_string(), present.expected().to_string()),
            ("$1.00".into(), "$7.00".into())
        );
        assert_eq!(present.forecast_shown().as_deref(), Some("2,400, $7.00"));
        assert_eq!((present.paths_shown().as_str(), present.used()), ("1,200", 100));
        let past = of(DayRange::month_of(now).month_before());
        assert_eq!((past.forecast, past.expected()), (None, past.cost));
    }
}
