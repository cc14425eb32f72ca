//! What is used of budgets, and what a request would need of them.

use super::{Month, MonthlyBudget};

/// What a request would pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BudgetPassed {
    None,
    Soft,
    Hard,
}

impl BudgetPassed {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Soft => "soft",
            Self::Hard => "hard",
        }
    }
}

/// A budget, and how many items count for it in the month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetUsage {
    pub budget: MonthlyBudget,
    pub month: Month,
    pub used: u64,
}

impl BudgetUsage {
    /// How many items are left before requests are refused; where none is refused, before they are warned of.
    #[must_use]
    pub fn left(&self) -> u64 {
        let most = self.budget.hard_items.or(self.budget.soft_items).unwrap_or_default();
        most.saturating_sub(self.used)
    }

    /// `95 of 100 items used in November, 5 left`
    #[must_use]
    pub fn describe(&self) -> String {
        let most = self.budget.hard_items.or(self.budget.soft_items).unwrap_or_default();
        let (used, left, month) = (self.used, self.left(), self.month.start.month_name());
        format!("{used} of {most} items used in {month}, {left} left")
    }

    /// What a request of so many more items would pass. One without items passes nothing.
    #[must_use]
    pub fn passed_by(&self, items: u64) -> BudgetPassed {
        let sum = self.used.saturating_add(items);
        let is_passed = |most: Option<u64>| items > 0 && most.is_some_and(|most| sum > most);
        if is_passed(self.budget.hard_items) {
            BudgetPassed::Hard
        } else if is_passed(self.budget.soft_items) {
            BudgetPassed::Soft
        } else {
            BudgetPassed::None
        }
    }

    /// Why a request of so many more items is refused. `None` if it is not.
    #[must_use]
    pub fn refusal(&self, items: u64) -> Option<String> {
        if self.passed_by(items) != BudgetPassed::Hard {
            return None;
        }
        let (most, left) = (self.budget.hard_items?, self.left());
        let (whose, month, used) = (self.budget.whose(), self.month.start.month_name(), self.used);
        Some(format!(
            "the hard budget of {whose} for {month} is {most} items: {used} used, {left} left; this \
             request needs {items}; an administrator may raise or remove it"
        ))
    }

    /// What to say of a request of so many more items that passes the soft number. `None` if it does not, or is refused.
    #[must_use]
    pub fn warning(&self, items: u64) -> Option<String> {
        if self.passed_by(items) != BudgetPassed::Soft {
            return None;
        }
        let (whose, month, used) = (self.budget.whose(), self.month.start.month_name(), self.used);
        let soft = self.budget.soft_items?;
        Some(format!(
            "This passes the soft budget of {whose} for {month}, {soft} items: {used} used; this request \
             needs {items}. It is sent anyway."
        ))
    }
}

/// What a request needs of each budget that applies to it. Distributions of one account, and requests of one person, share
/// theirs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BudgetNeeds {
    /// Each budget, with the items that count for it.
    pub needs: Vec<(BudgetUsage, u64)>,
}

impl BudgetNeeds {
    /// Adds the items of one distribution, with the budgets that apply to it.
    pub fn add(&mut self, usages: Vec<BudgetUsage>, items: usize) {
        let items = u64::try_from(items).unwrap_or(u64::MAX);
        for usage in usages {
            let same = |(known, _): &&mut (BudgetUsage, u64)| known.budget.scope == usage.budget.scope;
            match self.needs.iter_mut().find(same) {
                Some((_, sum)) => *sum = sum.saturating_add(items),
                None => self.needs.push((usage, items)),
            }
        }
        self.needs.sort_by(|(one, _), (other, _)| one.budget.scope.cmp(&other.budget.scope));
    }

    /// Why the request is refused. `None` if no hard budget is passed.
    #[must_use]
    pub fn refusal(&self) -> Option<String> {
        self.needs.iter().find_map(|(usage, items)| usage.refusal(*items))
    }

    /// A sentence for each soft budget that is passed.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        self.needs.iter().filter_map(|(usage, items)| usage.warning(*items)).collect()
    }
}
