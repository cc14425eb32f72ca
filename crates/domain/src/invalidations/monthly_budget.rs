//! Budgets: how many items may be sent in a calendar month (UTC), of one account, distribution, group, person or token.

mod usage;

pub use usage::{BudgetNeeds, BudgetPassed, BudgetUsage};

use crate::{actor::Actor, time::Timestamp};

/// The most budgets that are kept.
pub const BUDGETS_MAX: usize = 200;
/// The highest number of items of a budget.
pub const ITEMS_MAX: u64 = 1_000_000_000;

/// What a budget is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BudgetKind {
    /// An AWS account. What other tools sent counts too, as far as Unstale has seen it.
    Account,
    /// A distribution. What other tools sent counts too, as far as Unstale has seen it.
    Distribution,
    /// What the members of a group request. A token is a member of none.
    Group,
    /// What one person requests. The requests of tokens count for the tokens alone, whoever made them.
    Person,
    /// What one API token requests.
    Token,
}

impl BudgetKind {
    pub const ALL: [Self; 5] = [Self::Account, Self::Distribution, Self::Group, Self::Person, Self::Token];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Distribution => "distribution",
            Self::Group => "group",
            Self::Person => "person",
            Self::Token => "token",
        }
    }

    /// Reads what [`BudgetKind::as_str`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Account => "AWS account",
            Self::Distribution => "distribution",
            Self::Group => "group",
            Self::Person => "person",
            Self::Token => "token",
        }
    }

    /// Whether it counts what is requested, rather than what is sent.
    #[must_use]
    pub const fn is_of_requesters(self) -> bool {
        match self {
            Self::Account | Self::Distribution => false,
            Self::Group | Self::Person | Self::Token => true,
        }
    }
}

/// What one budget is for: an account by its ID, a group by its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BudgetScope {
    pub kind: BudgetKind,
    pub id: String,
}

/// A budget. At least one of its numbers is set, and the soft one is never the larger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthlyBudget {
    pub scope: BudgetScope,
    /// What people call it, such as the e-mail address of a person.
    pub name: String,
    /// More items than this are warned of.
    pub soft_items: Option<u64>,
    /// More items than this are refused.
    pub hard_items: Option<u64>,
}

/// Why a budget cannot be saved, as a message for whoever set it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BudgetError {
    #[error("Choose what the budget is for.")]
    NoKind,
    #[error("There is no such account, distribution, group, person or token here.")]
    Unknown,
    #[error("Enter a whole number from 0 to {ITEMS_MAX}, or leave it empty.")]
    Items,
    #[error("The soft number warns first: enter one that is not above the hard number.")]
    SoftAboveHard,
    #[error("There are {BUDGETS_MAX} budgets already; remove one first.")]
    TooMany,
}

/// Reads a number of items as it was typed. Nothing typed means `None`.
pub fn parse_items(typed: &str) -> Result<Option<u64>, BudgetError> {
    match typed.trim() {
        "" => Ok(None),
        text => match text.parse() {
            Ok(items) if items <= ITEMS_MAX => Ok(Some(items)),
            _ => Err(BudgetError::Items),
        },
    }
}

/// Checks the numbers of a budget with each other.
pub fn check_items(soft: Option<u64>, hard: Option<u64>) -> Result<(), BudgetError> {
    if [soft, hard].into_iter().flatten().any(|items| items > ITEMS_MAX) {
        return Err(BudgetError::Items);
    }
    match (soft, hard) {
        (Some(soft), Some(hard)) if soft > hard => Err(BudgetError::SoftAboveHard),
        _ => Ok(()),
    }
}

/// The numbers of a budget as text, for pages and for the history.
#[must_use]
pub fn describe_items(soft: Option<u64>, hard: Option<u64>) -> String {
    match (soft, hard) {
        (None, None) => "no budget".to_owned(),
        (Some(soft), None) => format!("warns above {soft} items a month"),
        (None, Some(hard)) => format!("refuses above {hard} items a month"),
        (Some(soft), Some(hard)) => {
            format!("warns above {soft} and refuses above {hard} items a month")
        }
    }
}

impl MonthlyBudget {
    /// `the AWS account 123456789012`
    #[must_use]
    pub fn whose(&self) -> String {
        format!("the {} {}", self.scope.kind.label(), self.name)
    }

    #[must_use]
    pub fn describe(&self) -> String {
        describe_items(self.soft_items, self.hard_items)
    }
}

/// A calendar month in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Month {
    pub start: Timestamp,
    /// The first moment of the next month.
    pub end: Timestamp,
}

impl Month {
    #[must_use]
    pub fn of(at: Timestamp) -> Self {
        Self { start: at.start_of_month(), end: at.start_of_next_month() }
    }
}

/// The months for which a request counts: one that is put off may be sent in a later month than it is made in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountedMonths {
    /// For groups, people and tokens.
    pub made: Month,
    /// For accounts and distributions.
    pub sent: Month,
}

impl CountedMonths {
    /// The months of a request that is made at one time and due at another.
    #[must_use]
    pub fn new(made: Timestamp, due: Timestamp) -> Self {
        Self { made: Month::of(made), sent: Month::of(due.max(made)) }
    }

    /// The month for which a budget of this kind counts the request.
    #[must_use]
    pub const fn of(self, kind: BudgetKind) -> Month {
        if kind.is_of_requesters() { self.made } else { self.sent }
    }
}

/// The budget scope of whoever requests. `None` for whoever has none.
#[must_use]
pub fn scope_of(actor: &Actor) -> Option<BudgetScope> {
    let of = |kind, id: &str| Some(BudgetScope { kind, id: id.to_owned() });
    match actor {
        Actor::Person { id, .. } => of(BudgetKind::Person, id.as_str()),
        Actor::Token { id, .. } => of(BudgetKind::Token, id.as_str()),
        Actor::CommandLine { .. } | Actor::Service | Actor::Outside { .. } | Actor::Nobody { .. } => None,
    }
}

#[cfg(test)]
mod tests;
