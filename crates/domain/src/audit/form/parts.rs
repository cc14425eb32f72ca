//! The parts of an event's form: its texts and its nested JSON objects.

use std::borrow::Cow;

use serde::{Deserialize, Serialize, Serializer};

use super::FormError;
use crate::{actor::Actor, storable::storable, time::Timestamp};

#[derive(Serialize, Deserialize)]
pub(super) struct ActorForm<'a> {
    pub id: Text<'a>,
    pub kind: Text<'a>,
    pub name: Text<'a>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct ItemsForm<'a> {
    pub count: usize,
    pub sha256: Text<'a>,
    pub shown: Vec<Text<'a>>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct TargetForm<'a> {
    pub id: Text<'a>,
    pub kind: Text<'a>,
}

/// A text of the form. Each NUL is replaced when the text is written, because PostgreSQL cannot store it. The hash
/// is therefore the hash of the text that both databases store.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Text<'a>(pub Cow<'a, str>);

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&storable(&self.0))
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

impl From<Timestamp> for Text<'_> {
    fn from(at: Timestamp) -> Self {
        Self(Cow::Owned(at.to_string()))
    }
}

impl From<Text<'_>> for String {
    fn from(text: Text<'_>) -> Self {
        text.0.into_owned()
    }
}

impl<'a> From<&'a Actor> for ActorForm<'a> {
    fn from(actor: &'a Actor) -> Self {
        Self { id: actor.id().into(), kind: actor.kind().as_str().into(), name: actor.name().into() }
    }
}

impl ActorForm<'_> {
    pub fn into_actor(self) -> Result<Actor, FormError> {
        let unknown = FormError::Word("an actor's kind", self.kind.0.to_string());
        Actor::from_trusted(&self.kind.0, self.id.into(), self.name.into()).ok_or(unknown)
    }
}

/// Reads a text that must be one of a fixed set of words. `Err` names the field and the unknown word.
pub(super) fn word<T>(
    what: &'static str,
    text: &Text<'_>,
    read: fn(&str) -> Option<T>,
) -> Result<T, FormError> {
    read(&text.0).ok_or_else(|| FormError::Word(what, text.0.to_string()))
}
