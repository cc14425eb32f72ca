//! Freeze windows: times in which a wide request needs an override and a reason, such as a sale or an incident.

mod met;

use std::{fmt, time::Duration};

pub use met::{FreezeAnswer, FreezeRefusal, LacksForFreeze, MetFreezes};

use super::{item::Item, reason::parse_reason};
use crate::{
    access::Access,
    distributions::protection::Protection,
    id::{DistributionId, FreezeId},
    time::Timestamp,
};

/// The most freeze windows that are kept, with those that ended.
pub const FREEZES_MAX: usize = 100;
/// How long a freeze window stays listed after its end.
pub const LISTED_AFTER_END: Duration = Duration::from_hours(30 * 24);
/// The longest name, in characters.
pub const NAME_MAX: usize = 80;
/// The longest text that says why, in characters.
pub const WHY_MAX: usize = 300;
/// The most distributions that one freeze window names.
pub const DISTRIBUTIONS_MAX: usize = 100;
/// How far in the future a freeze window may end.
pub const AHEAD_MAX: Duration = Duration::from_hours(2 * 366 * 24);

/// The distributions that a freeze window is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FreezeScope {
    /// All, also those that are made later.
    All,
    /// These, sorted. Never empty.
    Only(Vec<DistributionId>),
}

/// A time in which a wide request needs an override and a reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreezeWindow {
    pub id: FreezeId,
    /// What people call it, such as `Black Friday`.
    pub name: String,
    pub why: String,
    pub from: Timestamp,
    /// The first moment after it.
    pub until: Timestamp,
    pub scope: FreezeScope,
}

/// How a freeze window stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FreezeState {
    Planned,
    InForce,
    Ended,
}

impl FreezeState {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::InForce => "in_force",
            Self::Ended => "ended",
        }
    }

    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Planned => "Planned",
            Self::InForce => "In force",
            Self::Ended => "Ended",
        }
    }
}

impl FreezeWindow {
    #[must_use]
    pub fn state(&self, at: Timestamp) -> FreezeState {
        if at < self.from {
            FreezeState::Planned
        } else if at < self.until {
            FreezeState::InForce
        } else {
            FreezeState::Ended
        }
    }

    #[must_use]
    pub fn covers(&self, distribution: &DistributionId) -> bool {
        match &self.scope {
            FreezeScope::All => true,
            FreezeScope::Only(ids) => ids.contains(distribution),
        }
    }

    /// `2026-11-27 00:00 to 2026-11-30 00:00 UTC`
    #[must_use]
    pub fn span(&self) -> String {
        format!("{} to {} UTC", self.from.to_the_minute(), self.until.to_the_minute())
    }

    /// The window as text for the history.
    #[must_use]
    pub fn describe(&self) -> String {
        let scope = match &self.scope {
            FreezeScope::All => "all distributions".to_owned(),
            FreezeScope::Only(ids) => ids.iter().map(DistributionId::as_str).collect::<Vec<_>>().join(", "),
        };
        format!("{} on {scope}: {}", self.span(), self.why)
    }
}

impl FreezeWindow {
    /// The window with the distributions that somebody sees. `None` if it is for none of these.
    #[must_use]
    pub fn seen(mut self, access: &Access) -> Option<Self> {
        if let FreezeScope::Only(ids) = &mut self.scope {
            ids.retain(|id| access.sees(id));
            if ids.is_empty() {
                return None;
            }
        }
        Some(self)
    }
}

/// The freeze windows that a request meets that is sent at this time. `None` if it meets none, or is not wide.
#[must_use]
pub fn met_by(
    windows: Vec<FreezeWindow>,
    items: &[Item],
    protection: &Protection,
    at: Timestamp,
) -> Option<MetFreezes> {
    if !protection.is_wide(items) {
        return None;
    }
    let is_met = |window: &FreezeWindow| {
        window.state(at) == FreezeState::InForce && window.covers(&protection.distribution)
    };
    MetFreezes::new(windows.into_iter().filter(is_met).collect())
}

/// A freeze window as it was typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TypedFreeze {
    pub name: String,
    pub why: String,
    /// RFC 3339, or without an offset in UTC.
    pub from: String,
    pub until: String,
    /// IDs. None means all distributions.
    pub distributions: Vec<String>,
}

/// Why a freeze window cannot be kept, as a message for whoever typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FreezeError {
    #[error("Give it a name of one line, of at most {NAME_MAX} characters.")]
    Name,
    #[error(
        "Give a reason in one line of at most {WHY_MAX} characters. It is shown to everyone who requests something then."
    )]
    Why,
    #[error("Enter a time such as 2026-11-27T00:00.")]
    From,
    #[error("Enter a time such as 2026-11-30T00:00.")]
    Until,
    #[error("It ends before it begins.")]
    EndsFirst,
    #[error("It has ended already.")]
    Over,
    #[error("It may end at most two years ahead.")]
    TooFar,
    #[error("Name distributions by the IDs that they have here, at most {DISTRIBUTIONS_MAX} of them.")]
    Distributions,
    #[error("There are {FREEZES_MAX} freeze windows already; remove one first.")]
    TooMany,
}

/// Everything that is wrong with a freeze window. At least one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreezeErrors(pub Vec<FreezeError>);

impl std::error::Error for FreezeErrors {}

impl fmt::Display for FreezeErrors {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        out.write_str(&all.join(" "))
    }
}

impl From<FreezeError> for FreezeErrors {
    fn from(error: FreezeError) -> Self {
        Self(vec![error])
    }
}

impl TypedFreeze {
    /// Reads what was typed. `Err` has everything that is wrong with it. Whether the distributions exist is not known here.
    pub fn read(&self, id: FreezeId, now: Timestamp) -> Result<FreezeWindow, FreezeErrors> {
        let mut wrong = Vec::new();
        let name = line(&self.name, NAME_MAX).ok_or(FreezeError::Name);
        let why = line(&self.why, WHY_MAX).ok_or(FreezeError::Why);
        let from = parse_time(&self.from).ok_or(FreezeError::From);
        let until = parse_time(&self.until).ok_or(FreezeError::Until);
        let scope = self.scope().ok_or(FreezeError::Distributions);
        wrong.extend(name.as_ref().err().copied());
        wrong.extend(why.as_ref().err().copied());
        wrong.extend(from.err());
        wrong.extend(until.err());
        if let (Ok(from), Ok(until)) = (from, until) {
            wrong.extend(order_error(from, until, now));
        }
        wrong.extend(scope.as_ref().err().copied());
        match (name, why, from, until, scope) {
            (Ok(name), Ok(why), Ok(from), Ok(until), Ok(scope)) if wrong.is_empty() => {
                Ok(FreezeWindow { id, name, why, from, until, scope })
            }
            _ => Err(FreezeErrors(wrong)),
        }
    }

    fn scope(&self) -> Option<FreezeScope> {
        let ids = self.distributions.iter().map(|id| DistributionId::parse(id.trim()));
        let mut ids: Vec<DistributionId> = ids.collect::<Option<_>>()?;
        ids.sort();
        ids.dedup();
        match ids.len() {
            0 => Some(FreezeScope::All),
            1..=DISTRIBUTIONS_MAX => Some(FreezeScope::Only(ids)),
            _ => None,
        }
    }
}

fn order_error(from: Timestamp, until: Timestamp, now: Timestamp) -> Option<FreezeError> {
    if until <= from {
        Some(FreezeError::EndsFirst)
    } else if until <= now {
        Some(FreezeError::Over)
    } else if until > now.plus(AHEAD_MAX) {
        Some(FreezeError::TooFar)
    } else {
        None
    }
}

/// One line of text that is not empty.
fn line(typed: &str, most: usize) -> Option<String> {
    let text = parse_reason(typed).ok()?;
    (!text.is_empty() && text.chars().count() <= most).then_some(text)
}

/// A time in RFC 3339, or one without an offset, which is in UTC: `2026-11-27T00:00`.
#[must_use]
pub fn parse_time(typed: &str) -> Option<Timestamp> {
    let typed = typed.trim();
    Timestamp::parse(typed).or_else(|| Timestamp::parse(&format!("{typed}Z")))
}

#[cfg(test)]
mod tests;
