//! Columns that several tables share, and their conversion to and from the types of the domain.

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

/// Reads a count, which is never negative. The tables store it as a signed number, because both engines have only
/// signed numbers.
pub(super) fn count(number: i64) -> usize {
    usize::try_from(number).unwrap_or(0)
}

pub(super) fn signed(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A JSON list of texts, for a column or for a parameter that both engines can read as a list. In a query,
/// PostgreSQL looks up each value of an array in an index. For a set of rows, it assumes a hundred rows and may
/// read the whole table instead.
pub(super) fn list_to_json(list: impl IntoIterator<Item: AsRef<str>>) -> String {
    // JSON would contain a NUL as \u0000, which PostgreSQL refuses when it reads the list.
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

/// Reads an actor from its three columns.
pub(super) fn actor(kind: &str, id: String, name: String) -> Result<Actor, StoreError> {
    Actor::from_trusted(kind, id, name).ok_or_else(|| StoreError::unreadable("an actor of the kind", kind))
}

/// Reads a problem from its three columns. `None` if there is no problem.
pub(super) fn problem(
    kind: Option<String>,
    code: Option<String>,
    message: Option<String>,
) -> Option<Problem> {
    kind.map(|kind| Problem::stored(&kind, code.unwrap_or_default(), message.unwrap_or_default()))
}
