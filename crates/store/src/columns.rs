//! Columns that several tables share, and the way between them and the types of the domain.

use unstale_domain::{
    actor::Actor,
    invalidations::{item::Item, problem::Problem},
    storable::storable,
    time::Timestamp,
};

use super::StoreError;

pub(super) fn time(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

pub(super) fn optional_time(micros: Option<i64>) -> Option<Timestamp> {
    micros.map(Timestamp::from_micros)
}

/// A count that is never negative; the tables keep it as a signed number because both engines do.
pub(super) fn count(number: i64) -> usize {
    usize::try_from(number).unwrap_or(0)
}

pub(super) fn signed(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A JSON list of texts, as a column has it and as both engines read one that is bound. PostgreSQL looks up each of an
/// array in an index. Of a set of rows it supposes a hundred, and may rather read all of a table.
pub(super) fn list_to_json(list: impl IntoIterator<Item: AsRef<str>>) -> String {
    // A NUL would be spelled \u0000, which PostgreSQL refuses when it reads the list.
    let list: Vec<String> = list.into_iter().map(|text| storable(text.as_ref()).into_owned()).collect();
    serde_json::Value::from(list).to_string()
}

pub(super) fn list_from_json(text: &str) -> Result<Vec<String>, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::unreadable("a list", text))
}

pub(super) fn items_to_json(items: &[Item]) -> String {
    list_to_json(items.iter().map(Item::as_str))
}

pub(super) fn items_from_json(text: &str) -> Result<Vec<Item>, StoreError> {
    Ok(list_from_json(text)?.into_iter().map(Item::from_trusted).collect())
}

/// The three columns of an actor.
pub(super) fn actor(kind: &str, id: String, name: String) -> Result<Actor, StoreError> {
    Actor::from_trusted(kind, id, name).ok_or_else(|| StoreError::unreadable("an actor of the kind", kind))
}

/// The three columns of a problem.
pub(super) fn problem(
    kind: Option<String>,
    code: Option<String>,
    message: Option<String>,
) -> Option<Problem> {
    kind.map(|kind| Problem::stored(&kind, code.unwrap_or_default(), message.unwrap_or_default()))
}
