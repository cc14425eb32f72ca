//! A JSON reader that refuses an object with a repeated key.
//!
//! RFC 8259 §4 leaves it open which of the two values counts, and I-JSON (RFC 7493 §2.3) forbids repeated keys. A
//! gateway may check the first value, so Unstale must not act on the last.

use std::{cell::Cell, fmt};

use serde::{
    Deserializer,
    de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};

use crate::domain::invalidations::plan::LINES_MAX;

/// The maximum number of values in a text: the items of the largest request, and enough more to report by how many
/// a list is too long.
const VALUES_MAX: usize = LINES_MAX + 5_000;
/// The maximum number of members of an object.
const MEMBERS_MAX: usize = 1_000;

/// Why a text could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    /// A syntax error, with its place.
    #[error(transparent)]
    Wrong(#[from] serde_json::Error),
    /// Reading stopped early, because the values would take many times the memory of the text.
    #[error("more than {VALUES_MAX} values, or more than {MEMBERS_MAX} members in an object")]
    TooMany,
}

/// Reads a whole text as one value.
pub fn read(bytes: &[u8]) -> Result<Value, Unread> {
    let left = RemainingBudget::default();
    let mut text = serde_json::Deserializer::from_slice(bytes);
    let read = BoundedReader(&left).deserialize(&mut text).and_then(|value| text.end().map(|()| value));
    if left.exceeded.get() { Err(Unread::TooMany) } else { Ok(read?) }
}

/// How many values may still be read.
struct RemainingBudget {
    values: Cell<usize>,
    exceeded: Cell<bool>,
}

impl Default for RemainingBudget {
    fn default() -> Self {
        Self { values: Cell::new(VALUES_MAX), exceeded: Cell::new(false) }
    }
}

impl RemainingBudget {
    fn take<E: serde::de::Error>(&self) -> Result<(), E> {
        let left = self.values.get().checked_sub(1).ok_or_else(|| self.exceed())?;
        self.values.set(left);
        Ok(())
    }

    fn exceed<E: serde::de::Error>(&self) -> E {
        self.exceeded.set(true);
        E::custom("too many values")
    }
}

#[derive(Clone, Copy)]
struct BoundedReader<'a>(&'a RemainingBudget);

impl<'de> DeserializeSeed<'de> for BoundedReader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.0.take()?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for BoundedReader<'_> {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(self)? {
            values.push(value);
        }
        Ok(values.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        while let Some(key) = object.next_key::<String>()? {
            if values.contains_key(&key) {
                let key: String = key.chars().take(100).collect();
                return Err(A::Error::custom(format!("the key {key:?} appears twice")));
            }
            if values.len() == MEMBERS_MAX {
                return Err(self.0.exceed());
            }
            values.insert(key, object.next_value_seed(self)?);
        }
        Ok(values.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_right_is_read_as_it_is() {
        let text = r#"{"a":[1,-2,3.5,null,true,{"a":"x\u0000"}],"b":{"a":{}}}"#;
        assert_eq!(read(text.as_bytes()).unwrap(), serde_json::from_str::<Value>(text).unwrap());
    }

    #[test]
    fn a_key_that_comes_twice_is_named_wherever_it_stands() {
        for text in [r#"{"a":1,"b":2,"a":1}"#, r#"[{"b":{"a":1,"\u0061":2}}]"#] {
            let error = read(text.as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with("the key \"a\" appears twice at line 1"), "{error}");
        }
    }

    #[test]
    fn half_a_character_is_none() {
        for text in [r#"{"a":"\ud800"}"#, r#"{"\udc00":1}"#, "\"\u{1}\""] {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_text_of_too_many_values_is_not_read_to_its_end() {
        let list = |values: usize| format!("[{}0]", "0,".repeat(values - 1));
        // The list itself counts as a value too.
        assert!(read(list(VALUES_MAX - 1).as_bytes()).is_ok());
        let members: Vec<String> = (0..=MEMBERS_MAX).map(|n| format!("\"{n}\":0")).collect();
        assert!(read(format!("{{{}}}", members[1..].join(",")).as_bytes()).is_ok());
        for text in [list(VALUES_MAX), format!("[{{{}}}]", members.join(","))] {
            assert!(matches!(read(text.as_bytes()), Err(Unread::TooMany)));
        }
        assert!(matches!(read(b"[1] 2"), Err(Unread::Wrong(_))), "nothing stands behind it");
    }
}
