//! The filters of a search in SQL, for whatever statement gives the events.

use serde_json::Value;

use unstale_domain::{
    audit::{Outcome, search::Search},
    id::DistributionId,
};

/// Is anything asked for that events can be held against by their columns?
pub(super) fn is_filtered(search: &Search) -> bool {
    number(search) > 0 || search.serving.is_some() || search.from.is_some() || search.until.is_some()
}

/// So many that no index answers them together?
pub(super) fn many_filters(search: &Search) -> bool {
    number(search) > 1 || search.visibility.is_some()
}

fn number(search: &Search) -> usize {
    [
        search.distribution.is_some(),
        search.who.is_some(),
        search.action.is_some(),
        search.outcome.is_some(),
        search.outside.is_some(),
        search.visibility.is_some(),
    ]
    .into_iter()
    .filter(|set| *set)
    .count()
}

/// The conditions, joined by AND; their parameters are $3 to $13, without $9. Each filter stands in the text only where
/// it is set, so that its index is used; the parameter is named all the same.
pub(super) fn filters(postgres: bool, search: &Search) -> String {
    let when = |set: bool, filter: &'static str, unset: &'static str| if set { filter } else { unset };
    let outcome = match search.outcome {
        None => "CAST($6 AS TEXT) IS NULL",
        Some(Outcome::Done) => "outcome = $6",
        // What is rare has an index of its own, which is used where the text says that it may be.
        Some(_) => "outcome = $6 AND outcome <> 'done'",
    };
    let outside = match search.outside {
        Some(true) => "actor_kind = 'outside'",
        Some(false) => "actor_kind <> 'outside'",
        None => "1 = 1",
    };
    [
        when(search.distribution.is_some(), "distribution_id = $3", "CAST($3 AS TEXT) IS NULL"),
        when(search.who.is_some(), "actor_name = $4", "CAST($4 AS TEXT) IS NULL"),
        when(search.action.is_some(), "action = $5", "CAST($5 AS TEXT) IS NULL"),
        outcome,
        outside,
        when(search.from.is_some(), "done_at >= $7", "CAST($7 AS TEXT) IS NULL"),
        when(search.until.is_some(), "done_at < $8", "CAST($8 AS TEXT) IS NULL"),
        visibility(postgres, search.visibility.is_some()),
        serving(postgres, search.serving.is_some()),
    ]
    .join(" AND ")
}

/// What somebody may see, as [`unstale_domain::audit::visibility::Visibility::admits`] says it; its parameters are $10 to $12.
const fn visibility(postgres: bool, narrowed: bool) -> &'static str {
    match (narrowed, postgres) {
        (false, _) => "CAST($10 AS TEXT) IS NULL AND CAST($11 AS TEXT) IS NULL AND CAST($12 AS TEXT) IS NULL",
        (true, false) => {
            "((distribution_id IS NULL AND actor_kind = $10 AND actor_id = $11)
              OR distribution_id IN (SELECT value FROM json_each($12)))"
        }
        (true, true) => {
            "((distribution_id IS NULL AND actor_kind = $10 AND actor_id = $11)
              OR distribution_id IN (SELECT value FROM json_array_elements_text(CAST($12 AS json))))"
        }
    }
}

const fn serving(postgres: bool, narrowed: bool) -> &'static str {
    match (narrowed, postgres) {
        (false, _) => "CAST($13 AS TEXT) IS NULL",
        (true, false) => "distribution_id IN (SELECT value FROM json_each($13))",
        (true, true) => "distribution_id IN (SELECT value FROM json_array_elements_text(CAST($13 AS json)))",
    }
}

/// Distributions as a parameter.
pub(super) fn list<'a>(distributions: impl IntoIterator<Item = &'a DistributionId>) -> String {
    let ids: Vec<&str> = distributions.into_iter().map(DistributionId::as_str).collect();
    Value::from(ids).to_string()
}

/// The events of a statement with [`filters`] in it. $1 and $2 are its own, and $9 is the most that it may give.
macro_rules! filtered_lines {
    ($conn:expr, $sql:expr, $first:expr, $second:expr, $search:expr, $limit:expr) => {{
        let search: &unstale_domain::audit::search::Search = $search;
        $crate::audit::stored::fetch_lines!(
            $conn,
            sqlx::AssertSqlSafe($sql),
            $first,
            $second,
            search.distribution.as_ref().map(unstale_domain::id::DistributionId::as_str),
            search.who.as_deref(),
            search.action.map(unstale_domain::audit::Action::as_str),
            search.outcome.map(unstale_domain::audit::Outcome::as_str),
            search.from.map(|at| at.to_string()),
            search.until.map(|at| at.to_string()),
            $crate::columns::signed($limit),
            search.visibility.as_ref().map(|visibility| visibility.kind.as_str()),
            search.visibility.as_ref().map(|visibility| visibility.id.as_str()),
            search
                .visibility
                .as_ref()
                .map(|visibility| $crate::audit::filters::list(&visibility.distributions)),
            search.serving.as_deref().map($crate::audit::filters::list),
        )
    }};
}
pub(super) use filtered_lines;
