//! The form in which a look is stored: JSON without what is empty.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Answer, Look, LookFailure};
use crate::time::Timestamp;

#[derive(Serialize, Deserialize)]
struct StoredLook {
    at: Timestamp,
    duration_us: u64,
    answer: Option<Answer>,
    failure: Option<LookFailure>,
}

impl Look {
    /// The text to store.
    #[must_use]
    pub fn to_json(&self) -> String {
        let stored = StoredLook {
            at: self.at,
            duration_us: u64::try_from(self.duration.as_micros()).unwrap_or(u64::MAX),
            answer: self.answer().cloned(),
            failure: self.outcome.as_ref().err().copied(),
        };
        // No map with other keys than texts and no number that JSON lacks is in it, so this cannot fail.
        serde_json::to_value(stored).map(without_empty).unwrap_or_default().to_string()
    }

    /// Reads what [`Look::to_json`] wrote. `None` if it is something else.
    #[must_use]
    pub fn from_json(text: &str) -> Option<Self> {
        let stored: StoredLook = serde_json::from_str(text).ok()?;
        let outcome = match (stored.answer, stored.failure) {
            (Some(answer), None) => Ok(answer),
            (None, Some(failure)) => Err(failure),
            _ => return None,
        };
        Some(Self { at: stored.at, duration: Duration::from_micros(stored.duration_us), outcome })
    }
}

/// The value without fields that are null, which is what reading gives for a field that is missing.
fn without_empty(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(kept.map(|(name, value)| (name, without_empty(value))).collect())
        }
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
