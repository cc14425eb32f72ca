//! The UPDATE of a batch's state.

use sqlx::AssertSqlSafe;
use unstale_domain::invalidations::transition::Transition;

/// The statement of a transition. `set` holds what changes beside the state, and may be empty; `which` names the batches.
///
/// The states stand in the text as constants, so that partial indexes can serve. Values are bound: all that is put
/// together here is the program's own text.
pub(crate) fn transition_sql(
    transition: Transition,
    set: &'static str,
    which: &'static str,
) -> AssertSqlSafe<String> {
    let from: Vec<_> = transition.from().iter().map(|state| format!("'{}'", state.as_str())).collect();
    let (from, to) = (from.join(", "), transition.to().as_str());
    let separator = if set.is_empty() { "" } else { ", " };
    AssertSqlSafe(format!(
        "UPDATE batch SET state = '{to}'{separator}{set} WHERE state IN ({from}) AND {which}"
    ))
}
