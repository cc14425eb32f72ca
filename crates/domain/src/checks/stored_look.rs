//! The form in which a look is stored: JSON without what is empty.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Answer, Look, LookFailure};
use crate::time::Timestamp;

/// What is stored of a look.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredLook {
    at: Timestamp,
    duration_us: u64,
    answer: Option<Answer>,
    failure: Option<LookFailure>,
}

impl From<Look> for StoredLook {
    fn from(look: Look) -> Self {
        let (at, duration_us) = (look.at, u64::try_from(look.duration.as_micros()).unwrap_or(u64::MAX));
        let (answer, failure) = match look.outcome {
            Ok(answer) => (Some(answer), None),
            Err(failure) => (None, Some(failure)),
        };
        Self { at, duration_us, answer, failure }
    }
}

impl TryFrom<StoredLook> for Look {
    type Error = &'static str;

    fn try_from(stored: StoredLook) -> Result<Self, Self::Error> {
        let outcome = match (stored.answer, stored.failure) {
            (Some(answer), None) => Ok(answer),
            (None, Some(failure)) => Err(failure),
            _ => return Err("a look has either an answer or a failure"),
        };
        Ok(Self { at: stored.at, duration: Duration::from_micros(stored.duration_us), outcome })
    }
}

impl Look {
    /// The text to store.
    #[must_use]
    pub fn to_json(&self) -> String {
        json_without_empty(self)
    }

    /// Reads what [`Look::to_json`] wrote. `None` if it is something else.
    #[must_use]
    pub fn from_json(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

/// JSON without the fields that are null. Only for values of which no map has other keys than texts and no number
/// is one that JSON lacks, so that this cannot fail.
pub(super) fn json_without_empty(value: &impl Serialize) -> String {
    serde_json::to_value(value).map(without_empty).unwrap_or_default().to_string()
}

/// The value without fields that are null, which is what reading gives for a field that is missing.
fn without_empty(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(kept.map(|(name, value)| (name, without_empty(value))).collect())
        }
        Value::Array(values) => Value::Array(values.into_iter().map(without_empty).collect()),
        other => other,
    }
}

/// A SHA-256 as hexadecimal digits.
pub(super) mod sha256 {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use crate::secret::{from_hex, hex};

    pub(in super::super) fn serialize<S: Serializer>(
        hash: &[u8; 32],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex(hash))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<[u8; 32], D::Error> {
        let text = String::deserialize(deserializer)?;
        from_hex(&text).ok_or_else(|| D::Error::custom("not 64 hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::{BodyDigest, BodyHint, XCache};

    fn look(outcome: Result<Answer, LookFailure>) -> Look {
        Look { at: Timestamp::from_micros(7), duration: Duration::from_micros(5), outcome }
    }

    #[test]
    fn a_look_reads_back_as_it_was() {
        let full = Answer {
            status: 200,
            x_cache: Some(XCache::Unknown("Hit".to_owned())),
            age: Some(3),
            etag: Some("\"ü\"".to_owned()),
            body: Some(BodyDigest::of(b"body", true)),
            body_hint: BodyHint::S3NoSuchKey,
            required_text_found: Some(false),
            forbidden_text_found: Some(true),
            via_cloudfront: true,
            ..Answer::default()
        };
        for outcome in [Ok(full), Ok(Answer::default()), Err(LookFailure::AnswerTimeout)] {
            let look = look(outcome);
            assert_eq!(Look::from_json(&look.to_json()), Some(look));
        }
    }

    #[test]
    fn empty_fields_take_no_room_and_other_text_is_no_look() {
        let small = look(Ok(Answer { status: 404, ..Answer::default() })).to_json();
        assert!(small.len() < 300, "{small}");
        for other in ["", "{}", "[]", "{\"at\":1,\"duration_us\":1}"] {
            assert_eq!(Look::from_json(other), None, "{other}");
        }
    }
}
