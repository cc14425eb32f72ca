//! Reads JSON with the order of its members, and with the line of each text.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Json {
    Object(Vec<(String, Self)>),
    List(Vec<Self>),
    Text {
        text: String,
        /// The line, from 0, where it begins in the JSON.
        line: usize,
    },
    False,
    /// A number, `true` or `null`.
    Other,
}

impl Json {
    /// `None` if the text is no JSON.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut json: Self = serde_json::from_str(text).ok()?;
        json.number_lines(&mut text_lines(text));
        Some(json)
    }

    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.iter().find(|(key, _)| key == name).map(|(_, value)| value),
            Self::List(_) | Self::Text { .. } | Self::False | Self::Other => None,
        }
    }

    pub(super) fn list(&self) -> Option<&[Self]> {
        match self {
            Self::List(values) => Some(values),
            Self::Object(_) | Self::Text { .. } | Self::False | Self::Other => None,
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text { text, .. } => Some(text),
            Self::Object(_) | Self::List(_) | Self::False | Self::Other => None,
        }
    }

    pub(super) const fn line(&self) -> usize {
        match self {
            Self::Text { line, .. } => *line,
            Self::Object(_) | Self::List(_) | Self::False | Self::Other => 0,
        }
    }

    /// Gives each text its line. The names of members are texts too.
    fn number_lines(&mut self, lines: &mut impl Iterator<Item = usize>) {
        match self {
            Self::Object(members) => {
                for (_, value) in members {
                    lines.next();
                    value.number_lines(lines);
                }
            }
            Self::List(values) => {
                for value in values {
                    value.number_lines(lines);
                }
            }
            Self::Text { line, .. } => *line = lines.next().unwrap_or_default(),
            Self::False | Self::Other => {}
        }
    }
}

/// The line of each text of a sound JSON, in their order.
fn text_lines(json: &str) -> impl Iterator<Item = usize> {
    let mut bytes = json.bytes();
    let mut line = 0;
    std::iter::from_fn(move || {
        loop {
            match bytes.next()? {
                b'\n' => line += 1,
                b'"' => break,
                _ => {}
            }
        }
        // A text has no line end in it.
        loop {
            match bytes.next()? {
                b'\\' => {
                    bytes.next();
                }
                b'"' => return Some(line),
                _ => {}
            }
        }
    })
}

/// Where the JSON that begins here ends, in bytes: behind the bracket that closes the first one.
pub(super) fn end_of(text: &str) -> Option<usize> {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            // A text ends on its line. This one is no JSON.
            b'\n' if in_text => return None,
            b'{' | b'[' if !in_text => depth += 1,
            b'}' | b']' if !in_text => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(if value { Json::Other } else { Json::False })
    }

    fn visit_i64<E>(self, _: i64) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text { text: text.to_owned(), line: 0 })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = access.next_element()? {
            values.push(value);
        }
        Ok(Json::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = access.next_entry()? {
            members.push(member);
        }
        Ok(Json::Object(members))
    }
}
