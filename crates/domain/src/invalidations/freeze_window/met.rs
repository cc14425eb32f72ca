//! The freeze windows that a wide request meets, and what it lacks for them.

use std::fmt;

use super::FreezeWindow;
use crate::{id::FreezeId, time::Timestamp};

/// The freeze windows that a wide request meets. At least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetFreezes(Vec<FreezeWindow>);

/// What a request says about freeze windows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FreezeAnswer<'a> {
    /// Whether it may be sent during them.
    pub overrides: bool,
    pub reason: &'a str,
}

/// What a request lacks to be sent during a freeze window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LacksForFreeze {
    Override,
    /// It has the override, and no reason.
    Reason,
}

/// Why a wide request is refused during a freeze window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreezeRefusal {
    pub met: MetFreezes,
    pub lacks: LacksForFreeze,
}

impl MetFreezes {
    /// `None` without a window.
    #[must_use]
    pub fn new(windows: Vec<FreezeWindow>) -> Option<Self> {
        (!windows.is_empty()).then_some(Self(windows))
    }

    #[must_use]
    pub fn windows(&self) -> &[FreezeWindow] {
        &self.0
    }

    /// Adds those of another part of the same request.
    pub fn add(&mut self, other: Self) {
        let known = |windows: &[FreezeWindow], id: &FreezeId| windows.iter().any(|one| one.id == *id);
        let more: Vec<FreezeWindow> = other.0.into_iter().filter(|one| !known(&self.0, &one.id)).collect();
        self.0.extend(more);
    }

    /// Adds those of another part of the same request, where it meets any.
    pub fn join(all: &mut Option<Self>, others: Option<Self>) {
        match (all, others) {
            (Some(all), Some(others)) => all.add(others),
            (none, others @ Some(_)) => *none = others,
            (_, None) => {}
        }
    }

    /// Without those that were overridden before.
    #[must_use]
    pub fn without(self, overridden: &[FreezeId]) -> Option<Self> {
        Self::new(self.0.into_iter().filter(|window| !overridden.contains(&window.id)).collect())
    }

    #[must_use]
    pub fn ids(&self) -> Vec<FreezeId> {
        self.0.iter().map(|window| window.id.clone()).collect()
    }

    /// When the last of them ends.
    #[must_use]
    pub fn until(&self) -> Timestamp {
        self.0.iter().map(|window| window.until).fold(Timestamp::from_micros(i64::MIN), Timestamp::max)
    }

    /// `Black Friday and Incident 42`
    #[must_use]
    pub fn names(&self) -> String {
        self.0.iter().map(|window| window.name.as_str()).collect::<Vec<_>>().join(" and ")
    }

    /// Each of them with its times and why it is there, without a full stop at the end.
    #[must_use]
    pub fn describe(&self) -> String {
        let one = |window: &FreezeWindow| {
            format!("the freeze window {} holds from {} ({})", window.name, window.span(), window.why)
        };
        self.0.iter().map(one).collect::<Vec<_>>().join("; ")
    }

    /// What somebody should know before they request this, as sentences. `waits` says whether a second person has to
    /// approve it first.
    #[must_use]
    pub fn advice(&self, waits: bool) -> String {
        let what = self.describe().replacen('t', "T", 1);
        if waits {
            format!("{what}. The person who approves this then has to override it with a comment.")
        } else {
            format!("{what}. A wide request needs an override and a reason then.")
        }
    }

    /// What the history says of a request that overrode them.
    #[must_use]
    pub fn overridden(&self) -> String {
        let windows = if self.0.len() == 1 { "freeze window" } else { "freeze windows" };
        format!("sent during the {windows} {}, which the request overrode", self.names())
    }

    /// What a request with this override and reason lacks.
    #[must_use]
    pub fn lacks(&self, answer: FreezeAnswer<'_>) -> Option<LacksForFreeze> {
        match (answer.overrides, answer.reason.trim().is_empty()) {
            (false, _) => Some(LacksForFreeze::Override),
            (true, true) => Some(LacksForFreeze::Reason),
            (true, false) => None,
        }
    }
}

impl fmt::Display for FreezeRefusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = self.met.describe();
        match self.lacks {
            LacksForFreeze::Override => {
                write!(out, "{what}: a wide request needs an override and a reason then")
            }
            LacksForFreeze::Reason => write!(out, "{what}: overriding it needs a reason"),
        }
    }
}
