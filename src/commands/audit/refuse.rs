//! Records a refused act in the history: one that was not allowed, or one with wrong input.

use crate::{
    commands::{CommandContext, CommandError},
    domain::{
        actor::Acting,
        audit::{Action, Event, ItemsRecord, Outcome, Target},
        id::DistributionId,
        invalidations::item::Item,
        time::Timestamp,
    },
    store::audit,
};

/// What somebody tried, for the event of its refusal.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    pub target: &'a Target,
    pub distribution: Option<&'a DistributionId>,
    /// The items to invalidate, as far as they could be read. Sorted.
    pub items: &'a [Item],
    pub reason: &'a str,
}

impl<'a> Attempt<'a> {
    /// An attempt that has no items.
    #[must_use]
    pub const fn at(target: &'a Target, distribution: Option<&'a DistributionId>) -> Self {
        Self { target, distribution, items: &[], reason: "" }
    }

    /// An attempt with items.
    #[must_use]
    pub const fn on(
        target: &'a Target,
        distribution: Option<&'a DistributionId>,
        items: &'a [Item],
        reason: &'a str,
    ) -> Self {
        Self { target, distribution, items, reason }
    }

    /// The event of its refusal.
    pub(in crate::commands) fn refused(&self, acting: &Acting, now: Timestamp, why: String) -> Event {
        let mut event = Event::new(now, acting, Action::ActRefused);
        event.target = self.target.clone();
        event.distribution = self.distribution.cloned();
        event.items = ItemsRecord::of_lost(self.items);
        self.reason.clone_into(&mut event.reason);
        event.outcome = Outcome::Refused;
        event.note = why;
        event
    }
}

/// The number of characters that are kept of the reason of a refusal.
const WRONG_MAX: usize = 300;

/// Records that somebody tried `what` and was refused because of `why`.
pub async fn refuse(
    context: &CommandContext,
    acting: &Acting,
    what: &Target,
    distribution: Option<&DistributionId>,
    why: &str,
) -> Result<(), CommandError> {
    refuse_attempt(context, acting, &Attempt::at(what, distribution), why).await
}

/// Records a refused attempt with its items.
pub async fn refuse_attempt(
    context: &CommandContext,
    acting: &Acting,
    attempt: &Attempt<'_>,
    why: &str,
) -> Result<(), CommandError> {
    let mut tx = context.db.begin().await?;
    audit::append(&mut tx, attempt.refused(acting, context.clock.now(), with_quotas(why)));
    context.commit(tx).await?;
    Ok(())
}

/// The text as one line of at most [`WRONG_MAX`] characters.
fn with_quotas(why: &str) -> String {
    let plain = why.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    let mut kept: String = plain.take(WRONG_MAX + 1).collect();
    if kept.chars().count() > WRONG_MAX {
        kept.pop();
        kept.push('…');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_wrong_is_one_short_line() {
        assert_eq!(with_quotas("/items/3 is empty."), "/items/3 is empty.");
        assert_eq!(with_quotas("a\nb\u{7f}"), "a b ");
        assert_eq!(with_quotas(&"ü".repeat(WRONG_MAX)), "ü".repeat(WRONG_MAX));
        assert_eq!(with_quotas(&"ü".repeat(WRONG_MAX + 1)), format!("{}…", "ü".repeat(WRONG_MAX)));
    }
}
