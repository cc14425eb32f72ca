//! Keeps a refused act in the history: one that is not allowed, and one that was asked for wrongly.

use crate::{
    domain::{
        actor::Acting,
        audit::{Action, Event, Outcome, Target},
        id::DistributionId,
    },
    store::audit,
};

use super::{Desk, OpError};

/// So much of what was wrong with a request is kept.
const WRONG_MAX: usize = 300;

/// Writes that somebody tried `what` and was refused because of `why`.
pub async fn refuse(
    desk: &Desk,
    acting: &Acting,
    what: &Target,
    distribution: Option<&DistributionId>,
    why: &str,
) -> Result<(), OpError> {
    let mut tx = desk.db.begin().await?;
    let mut event = Event::new(desk.clock.now(), acting, Action::ActRefused);
    event.target = what.clone();
    event.distribution = distribution.cloned();
    event.outcome = Outcome::Refused;
    why.clone_into(&mut event.note);
    audit::append(&mut tx, event);
    desk.commit(tx).await?;
    Ok(())
}

/// Writes that somebody tried `what` and that the request could not be done as it was: `why` says what was wrong with it.
pub async fn refuse_invalid(
    desk: &Desk,
    acting: &Acting,
    what: &Target,
    distribution: Option<&DistributionId>,
    why: &str,
) -> Result<(), OpError> {
    refuse(desk, acting, what, distribution, &bounded(why)).await
}

/// One line, at most so long.
fn bounded(why: &str) -> String {
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
        assert_eq!(bounded("/items/3 is empty."), "/items/3 is empty.");
        assert_eq!(bounded("a\nb\u{7f}"), "a b ");
        assert_eq!(bounded(&"ü".repeat(WRONG_MAX)), "ü".repeat(WRONG_MAX));
        assert_eq!(bounded(&"ü".repeat(WRONG_MAX + 1)), format!("{}…", "ü".repeat(WRONG_MAX)));
    }
}
