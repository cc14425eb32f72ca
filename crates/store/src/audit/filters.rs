//! The filters of a query in SQL, for whatever statement gives the events.

use std::collections::BTreeSet;

use serde_json::json;

use unstale_domain::{
    audit::{Action, Outcome, search::AuditQuery},
    id::DistributionId,
    storable::storable,
};

/// What narrows a query, as a statement takes it. A filter stands in the text only where it is set, so that its index is
/// used; the values of all are one parameter.
pub(super) struct Filters {
    postgres: bool,
    /// The value of each filter under its name: the parameter $3, an object of JSON.
    pub values: String,
    /// All but where it was.
    conditions: Vec<Condition>,
    places: Places,
    /// The events of an invalidation are few, and have an index of their own.
    of_invalidation: bool,
}

/// A condition on a column other than the place.
struct Condition {
    sql: String,
    /// An index has the place beside it.
    indexed_by_place: bool,
}

impl Condition {
    const fn new(sql: String) -> Self {
        Self { sql, indexed_by_place: false }
    }
}

/// Where the events are that are asked for and may be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Places {
    Anywhere,
    /// At these distributions.
    Listed,
    /// At these, and of one actor what was done nowhere.
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

    /// So many that no index answers them together? Times only say where to begin and to end.
    pub fn are_many(query: &AuditQuery) -> bool {
        let untimed = AuditQuery { from: None, until: None, ..query.clone() };
        let places = usize::from(places(query).0 != Places::Anywhere);
        query.invalidation.is_none() && conditions(false, &untimed).len() + places > 1
    }

    /// The clause for the newest events that fit, of those from $1 on and before $2, at most $4. Of each distribution the
    /// newest are looked for by themselves, and of those the newest: both engines go down the index of distributions once
    /// for each, however much there is elsewhere.
    pub fn newest(&self) -> String {
        if self.places == Places::Anywhere || self.of_invalidation {
            let fits = self.within("sequence", &self.all());
            return format!("WHERE {fits} ORDER BY sequence DESC LIMIT $4");
        }
        // PostgreSQL cannot tell how much there is at a place, and would rather read all events backwards by the primary
        // key than go down the index of the place. An expression keeps it from that: only that index has it.
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
        // As an array: PostgreSQL would rather read all events than join a set whose size it cannot tell.
        let is_one =
            if self.postgres { format!("= ANY (ARRAY({newest}))") } else { format!("IN ({newest})") };
        format!("WHERE sequence {is_one} ORDER BY sequence DESC LIMIT $4")
    }

    /// The clause for those of the events of a list, the parameter $1, that fit and stand before $2, at most $4.
    pub fn among(&self) -> String {
        let listed = if self.postgres {
            "sequence IN (SELECT CAST(value AS BIGINT) FROM json_array_elements_text($1::json))"
        } else {
            "sequence IN (SELECT value FROM json_each($1))"
        };
        let fits: Vec<String> =
            [listed.to_owned(), "sequence < $2".to_owned()].into_iter().chain(self.all()).collect();
        // Where nothing is set the parameter is named all the same.
        format!("WHERE {} AND $3 <> '' ORDER BY sequence DESC LIMIT $4", fits.join(" AND "))
    }

    /// A condition beside the place. `SQLite` would go down its index once for each distribution, where that of the
    /// distributions has what is there and no more: a sign keeps it from that ("The SQLite Query Optimizer Overview", 7).
    /// What is rare has an index that knows the distribution too.
    fn unindexed(&self, condition: &Condition) -> String {
        let Condition { sql, indexed_by_place } = condition;
        if self.postgres || *indexed_by_place { sql.clone() } else { format!("+{sql}") }
    }

    /// Conditions within a range of sequences. Where no filter is set the parameter of their values is named all the same.
    ///
    /// `SQLite` takes a range for narrow, and would read all of it by the primary key where the index of a filter names
    /// few events: it is told that most events are in it (`likely`, "Built-In Scalar SQL Functions").
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

    /// What somebody did that is of no distribution.
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

/// The value of a filter.
fn value(postgres: bool, name: &str) -> String {
    if postgres { format!("($3::json ->> '{name}')") } else { format!("($3 ->> '$.{name}')") }
}

fn conditions(postgres: bool, query: &AuditQuery) -> Vec<Condition> {
    let value = |name| value(postgres, name);
    let outcome = query.outcome.map(|outcome| match outcome {
        Outcome::Done => Condition::new(format!("outcome = {}", value("outcome"))),
        // What is rare has an index of its own, which is used where the text says that it may be.
        Outcome::Refused | Outcome::Failed => Condition {
            sql: format!("outcome = {} AND outcome <> 'done'", value("outcome")),
            indexed_by_place: true,
        },
    });
    let outside = query.outside.map(|outside| {
        let is = if outside { "=" } else { "<>" };
        format!("actor_kind {is} 'outside'")
    });
    let others = [
        query.invalidation.as_ref().map(|_| format!("invalidation_id = {}", value("invalidation"))),
        query.who.as_ref().map(|_| format!("actor_name = {}", value("who"))),
        query.action.map(|_| format!("action = {}", value("action"))),
        outside,
        query.from.map(|_| format!("done_at >= {}", value("from"))),
        query.until.map(|_| format!("done_at < {}", value("until"))),
    ];
    others.into_iter().flatten().map(Condition::new).chain(outcome).collect()
}

/// The distributions that are asked for, less those that may not be seen. Whoever asks for distributions does not ask
/// for what was done nowhere.
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

/// Is anything asked for that events can be held against by their columns?
pub(super) fn is_filtered(query: &AuditQuery) -> bool {
    !conditions(false, query).is_empty() || places(query).0 != Places::Anywhere
}

/// The events of one of the clauses of [`Filters`], with its own $1 and $2, and at most so many.
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
