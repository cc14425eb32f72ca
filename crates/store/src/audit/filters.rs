//! The filters of a query as SQL conditions, for every statement that reads events.

use std::collections::BTreeSet;

use serde_json::json;

use unstale_domain::{
    audit::{Action, Outcome, search::AuditQuery},
    checks::Freshness,
    id::DistributionId,
    storable::storable,
};

/// The filters of a query, ready for a statement. The statement contains a condition only for a filter that is set,
/// so that the engine can use the index of that filter. One parameter holds the values of all filters.
pub(super) struct Filters {
    postgres: bool,
    /// The value of each filter by its name: the parameter $3, a JSON object.
    pub values: String,
    /// All conditions except the one on the distribution.
    conditions: Vec<Condition>,
    places: Places,
    /// Whether the query asks for one invalidation. It has few events, and they have an index of their own.
    of_invalidation: bool,
}

/// A condition on any column except `distribution_id`.
struct Condition {
    sql: String,
    /// Whether an index contains both this column and `distribution_id`.
    indexed_by_place: bool,
}

impl Condition {
    const fn new(sql: String) -> Self {
        Self { sql, indexed_by_place: false }
    }
}

/// The distributions whose events the query asks for and the actor may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Places {
    Anywhere,
    /// Only the events of the listed distributions.
    Listed,
    /// The events of the listed distributions, and the actor's own events that belong to no distribution.
    ListedAndOwn,
}

impl Filters {
    pub fn of(postgres: bool, query: &AuditQuery) -> Self {
        let (places, listed) = places(query);
        let own = query.visibility.as_ref();
        // PostgreSQL refuses JSON with a NUL in it.
        let values = json!({
            "who": query.who.as_deref().map(storable),
            "action": query.action.map(Action::as_str),
            "outcome": query.outcome.map(Outcome::as_str),
            "freshness": query.freshness.map(Freshness::as_str),
            "invalidation": query.invalidation.as_ref().map(|id| storable(id.as_str())),
            "from": query.from.map(|at| at.to_string()),
            "until": query.until.map(|at| at.to_string()),
            "own_kind": own.map(|own| own.kind.as_str()),
            "own_id": own.map(|own| storable(&own.id)),
            "places": listed.into_iter().map(|id| storable(id.as_str())).collect::<Vec<_>>(),
        });
        Self {
            postgres,
            values: values.to_string(),
            conditions: conditions(postgres, query),
            places,
            of_invalidation: query.invalidation.is_some(),
        }
    }

    /// Whether the query has so many filters that no index answers them together. Filters on the time do not count,
    /// because they only say where a search begins and ends.
    pub fn are_many(query: &AuditQuery) -> bool {
        let untimed = AuditQuery { from: None, until: None, ..query.clone() };
        let places = usize::from(places(query).0 != Places::Anywhere);
        query.invalidation.is_none() && conditions(false, &untimed).len() + places > 1
    }

    /// The clause for the newest events that match, from the sequence $1 on and before $2, at most $4.
    ///
    /// The statement finds the newest events of each distribution first, and then the newest of all of them. So
    /// both engines search the index on distributions once for each distribution, however many events other
    /// distributions have.
    pub fn newest(&self) -> String {
        if self.places == Places::Anywhere || self.of_invalidation {
            let fits = self.within("sequence", &self.all());
            return format!("WHERE {fits} ORDER BY sequence DESC LIMIT $4");
        }
        // PostgreSQL cannot estimate how many events of a distribution there are. It would read all events
        // backwards by the primary key instead of using the index on distributions. The expression prevents that,
        // because the primary key does not contain it and that index does.
        let sequence = if self.postgres { "(sequence + 0)" } else { "sequence" };
        let newest_of = |place: String| {
            let here: Vec<String> =
                self.conditions.iter().map(|it| self.unindexed(it)).chain([place]).collect();
            format!(
                "SELECT sequence FROM audit_event WHERE {} ORDER BY {sequence} DESC LIMIT $4",
                self.within(sequence, &here)
            )
        };
        let at_place = newest_of("distribution_id = d.value".to_owned());
        let list = self.list("places");
        let mut newest = if self.postgres {
            format!("SELECT n.sequence FROM {list} AS d (value) CROSS JOIN LATERAL ({at_place}) AS n")
        } else {
            format!("SELECT n.sequence FROM {list} AS d JOIN audit_event AS n ON n.sequence IN ({at_place})")
        };
        if self.places == Places::ListedAndOwn {
            newest = format!("{newest} UNION ALL SELECT sequence FROM ({}) AS own", newest_of(self.own()));
        }
        // PostgreSQL gets an array. It cannot estimate the size of a set, and would read all events to join one.
        let is_one =
            if self.postgres { format!("= ANY (ARRAY({newest}))") } else { format!("IN ({newest})") };
        format!("WHERE sequence {is_one} ORDER BY sequence DESC LIMIT $4")
    }

    /// The clause for the events of a list of sequences (the parameter $1) that match and come before $2, at most
    /// $4.
    pub fn among(&self) -> String {
        let listed = if self.postgres {
            "sequence IN (SELECT CAST(value AS BIGINT) FROM json_array_elements_text($1::json))"
        } else {
            "sequence IN (SELECT value FROM json_each($1))"
        };
        let fits: Vec<String> =
            [listed.to_owned(), "sequence < $2".to_owned()].into_iter().chain(self.all()).collect();
        // The parameter $3 is always bound, so the statement must contain it even if no filter is set.
        format!("WHERE {} AND $3 <> '' ORDER BY sequence DESC LIMIT $4", fits.join(" AND "))
    }

    /// A condition in a statement that also has a condition on the distribution.
    ///
    /// SQLite would search this condition's index once for each distribution, although the index on distributions
    /// finds exactly the events of that distribution. A unary `+` before a column keeps SQLite from using the
    /// column's index ("The SQLite Query Optimizer Overview", 7). A condition on rare values needs no `+`, because
    /// its index contains the distribution too.
    fn unindexed(&self, condition: &Condition) -> String {
        let Condition { sql, indexed_by_place } = condition;
        if self.postgres || *indexed_by_place { sql.clone() } else { format!("+{sql}") }
    }

    /// The conditions within a range of sequences. The parameter $3 is always bound, so they contain it even if no
    /// filter is set.
    ///
    /// SQLite assumes that a range contains few rows. It would read the whole range by the primary key, even if the
    /// index of a filter finds only few events. `likely` tells SQLite that most events are in the range ("Built-In
    /// Scalar SQL Functions").
    fn within(&self, sequence: &str, conditions: &[String]) -> String {
        let range = [format!("{sequence} >= $1"), format!("{sequence} < $2")];
        let range = range.map(|bound| if self.postgres { bound } else { format!("likely({bound})") });
        let all = range.into_iter().chain(["$3 <> ''".to_owned()]).chain(conditions.iter().cloned());
        all.collect::<Vec<_>>().join(" AND ")
    }

    fn all(&self) -> Vec<String> {
        let listed = || format!("distribution_id IN (SELECT value FROM {})", self.list("places"));
        let places = match self.places {
            Places::Anywhere => None,
            Places::Listed => Some(listed()),
            Places::ListedAndOwn => Some(format!("({} OR {})", listed(), self.own())),
        };
        self.conditions.iter().map(|condition| condition.sql.clone()).chain(places).collect()
    }

    /// The condition for the actor's own events that belong to no distribution.
    fn own(&self) -> String {
        let (kind, id) = (value(self.postgres, "own_kind"), value(self.postgres, "own_id"));
        format!("(distribution_id IS NULL AND actor_kind = {kind} AND actor_id = {id})")
    }

    fn list(&self, name: &str) -> String {
        if self.postgres {
            format!("json_array_elements_text($3::json -> '{name}')")
        } else {
            format!("json_each($3, '$.{name}')")
        }
    }
}

/// The SQL expression that reads the value of a filter from the parameter $3.
fn value(postgres: bool, name: &str) -> String {
    if postgres { format!("($3::json ->> '{name}')") } else { format!("($3 ->> '$.{name}')") }
}

fn conditions(postgres: bool, query: &AuditQuery) -> Vec<Condition> {
    let value = |name| value(postgres, name);
    let outcome = query.outcome.map(|outcome| match outcome {
        Outcome::Done => Condition::new(format!("outcome = {}", value("outcome"))),
        // Events with these outcomes are rare and have a partial index. An engine uses it only if the statement
        // contains the condition of the index.
        Outcome::Refused | Outcome::Failed => Condition {
            sql: format!("outcome = {} AND outcome <> 'done'", value("outcome")),
            indexed_by_place: true,
        },
    });
    let outside = query.outside.map(|outside| {
        let is = if outside { "=" } else { "<>" };
        format!("actor_kind {is} 'outside'")
    });
    // Events about access and settings are few, and their indexes contain the distribution too. The word stands in the
    // statement, because the indexes are partial.
    let area =
        query.about_access.then(|| Condition { sql: "area = 'access'".to_owned(), indexed_by_place: true });
    // Only the events of checks have one, so that its index is small and contains the distribution too.
    let freshness = query
        .freshness
        .map(|_| Condition { sql: format!("freshness = {}", value("freshness")), indexed_by_place: true });
    let others = [
        query.invalidation.as_ref().map(|_| format!("invalidation_id = {}", value("invalidation"))),
        query.who.as_ref().map(|_| format!("actor_name = {}", value("who"))),
        query.action.map(|_| format!("action = {}", value("action"))),
        outside,
        query.from.map(|_| format!("done_at >= {}", value("from"))),
        query.until.map(|_| format!("done_at < {}", value("until"))),
    ];
    others.into_iter().flatten().map(Condition::new).chain(area).chain(outcome).chain(freshness).collect()
}

/// The distributions that the query asks for and the actor may see. A query for distributions does not ask for
/// events that belong to no distribution.
fn places(query: &AuditQuery) -> (Places, BTreeSet<&DistributionId>) {
    let asked: Option<BTreeSet<&DistributionId>> = match (&query.distribution, &query.serving) {
        (None, None) => None,
        (Some(one), None) => Some([one].into()),
        (None, Some(serving)) => Some(serving.iter().collect()),
        (Some(one), Some(serving)) => Some(serving.iter().filter(|id| *id == one).collect()),
    };
    match (asked, &query.visibility) {
        (None, None) => (Places::Anywhere, BTreeSet::new()),
        (None, Some(seen)) => (Places::ListedAndOwn, seen.distributions.iter().collect()),
        (Some(asked), None) => (Places::Listed, asked),
        (Some(asked), Some(seen)) => {
            (Places::Listed, asked.into_iter().filter(|id| seen.distributions.contains(*id)).collect())
        }
    }
}

/// Whether the query has filters that the database can compare with the columns of events.
pub(super) fn is_filtered(query: &AuditQuery) -> bool {
    !conditions(false, query).is_empty() || places(query).0 != Places::Anywhere
}

/// Reads the events of one of the clauses of [`Filters`]. `$first` and `$second` are the clause's parameters $1 and
/// $2. `$limit` is the most events, the parameter $4.
macro_rules! filtered_lines {
    ($conn:expr, $filters:expr, $clause:expr, $first:expr, $second:expr, $limit:expr) => {{
        let filters: &$crate::audit::filters::Filters = $filters;
        let sql = $crate::audit::stored::lines_where($conn.is_postgres(), &$clause);
        $crate::audit::stored::fetch_lines!(
            $conn,
            sqlx::AssertSqlSafe(sql),
            $first,
            $second,
            filters.values.as_str(),
            $crate::columns::signed($limit),
        )
    }};
}
pub(super) use filtered_lines;
