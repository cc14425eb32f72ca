//! The canonical form of an event, the text under its hash: JSON after RFC 8785, written straight into a string.

use std::{borrow::Cow, fmt::Write as _};

use super::{Event, VERSION};
use crate::{
    id::{DistributionId, InvalidationId},
    invalidations::item::Item,
    time::Timestamp,
};

/// All that a form says.
#[derive(Debug, Clone)]
pub struct CanonicalFields<'a> {
    pub sequence: i64,
    pub at: Timestamp,
    pub actor_kind: Text<'a>,
    pub actor_id: Text<'a>,
    pub actor_name: Text<'a>,
    pub sign_in: Text<'a>,
    pub session: Text<'a>,
    pub client_address: Text<'a>,
    pub request_id: Text<'a>,
    pub action: Text<'a>,
    pub target_kind: Text<'a>,
    pub target_id: Text<'a>,
    pub distribution: Text<'a>,
    pub invalidation: Text<'a>,
    pub items_shown: Shown<'a>,
    pub items_count: usize,
    pub items_sha256: Text<'a>,
    pub reason: Text<'a>,
    pub outcome: Text<'a>,
    pub note: Text<'a>,
    pub aws_request_id: Text<'a>,
    pub cloudfront_id: Text<'a>,
    pub old: Text<'a>,
    pub new: Text<'a>,
    pub previous_hash: &'a str,
}

/// A text of the form.
#[derive(Debug, Clone, Copy)]
pub enum Text<'a> {
    Plain(&'a str),
    /// As a database spelt it, one value of JSON. Where the form spells it another way, the hash does not fit.
    Json(&'a str),
}

/// The items of the form.
#[derive(Debug, Clone)]
pub enum Shown<'a> {
    Items(&'a [Item]),
    /// One value of JSON, as for [`Text::Json`].
    Json(Cow<'a, str>),
}

impl<'a> CanonicalFields<'a> {
    /// Those of an event in its place.
    #[must_use]
    pub fn of(sequence: i64, event: &'a Event, previous_hash: &'a str) -> Self {
        let (actor, origin) = (&event.acting.actor, &event.acting.origin);
        let or_null = |id: Option<&'a str>| id.map_or(Text::Json("null"), Text::Plain);
        Self {
            sequence,
            at: event.at,
            actor_kind: Text::Plain(actor.kind().as_str()),
            actor_id: Text::Plain(actor.id()),
            actor_name: Text::Plain(actor.name()),
            sign_in: Text::Plain(&origin.sign_in),
            session: Text::Plain(&origin.session),
            client_address: Text::Plain(&origin.client_address),
            request_id: Text::Plain(&origin.request_id),
            action: Text::Plain(event.action.as_str()),
            target_kind: Text::Plain(&event.target.kind),
            target_id: Text::Plain(&event.target.id),
            distribution: or_null(event.distribution.as_ref().map(DistributionId::as_str)),
            invalidation: or_null(event.invalidation.as_ref().map(InvalidationId::as_str)),
            items_shown: Shown::Items(&event.items.shown),
            items_count: event.items.count,
            items_sha256: Text::Plain(&event.items.sha256),
            reason: Text::Plain(&event.reason),
            outcome: Text::Plain(event.outcome.as_str()),
            note: Text::Plain(&event.note),
            aws_request_id: Text::Plain(&event.aws_request_id),
            cloudfront_id: Text::Plain(&event.cloudfront_id),
            old: Text::Plain(&event.old),
            new: Text::Plain(&event.new),
            previous_hash,
        }
    }
}

/// The whole form.
#[must_use]
pub fn text(fields: &CanonicalFields<'_>) -> String {
    let mut out = String::with_capacity(1_024);
    write(&mut out, fields);
    out
}

/// Writes it behind what stands in `out`. The keys stand in their order; the test compares with a JSON library.
pub fn write(out: &mut String, fields: &CanonicalFields<'_>) {
    out.push('{');
    field(out, "action", fields.action);
    out.push_str(",\"actor\":{");
    field(out, "id", fields.actor_id);
    next_field(out, "kind", fields.actor_kind);
    next_field(out, "name", fields.actor_name);
    // Writing into a string cannot fail.
    let _ = write!(out, "}},\"at\":\"{}\"", fields.at);
    next_field(out, "aws_request_id", fields.aws_request_id);
    next_field(out, "client_address", fields.client_address);
    next_field(out, "cloudfront_id", fields.cloudfront_id);
    next_field(out, "distribution", fields.distribution);
    next_field(out, "invalidation", fields.invalidation);
    let _ = write!(out, ",\"items\":{{\"count\":{}", fields.items_count);
    next_field(out, "sha256", fields.items_sha256);
    out.push_str(",\"shown\":");
    list(out, &fields.items_shown);
    out.push('}');
    next_field(out, "new", fields.new);
    next_field(out, "note", fields.note);
    next_field(out, "old", fields.old);
    next_field(out, "outcome", fields.outcome);
    next_field(out, "previous_hash", Text::Plain(fields.previous_hash));
    next_field(out, "reason", fields.reason);
    next_field(out, "request_id", fields.request_id);
    let _ = write!(out, ",\"sequence\":{}", fields.sequence);
    next_field(out, "session", fields.session);
    next_field(out, "sign_in", fields.sign_in);
    out.push_str(",\"target\":{");
    field(out, "id", fields.target_id);
    next_field(out, "kind", fields.target_kind);
    let _ = write!(out, "}},\"version\":{VERSION}}}");
}

fn list(out: &mut String, shown: &Shown<'_>) {
    let items = match shown {
        Shown::Items(items) => items,
        Shown::Json(list) => return out.push_str(list),
    };
    out.push('[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        string(out, item.as_str());
    }
    out.push(']');
}

fn next_field(out: &mut String, key: &str, value: Text<'_>) {
    out.push(',');
    field(out, key, value);
}

fn field(out: &mut String, key: &str, value: Text<'_>) {
    name(out, key);
    match value {
        Text::Plain(value) => string(out, value),
        Text::Json(value) => out.push_str(value),
    }
}

/// Keys are our own words and need no escapes.
fn name(out: &mut String, key: &str) {
    out.push('"');
    out.push_str(key);
    out.push_str("\":");
}

/// RFC 8785, 3.2.2.2: only the quote, the backslash and control characters are escaped, as shortly as JSON can.
pub fn string(out: &mut String, value: &str) {
    out.push('"');
    let mut rest = value;
    while let Some(at) = rest.bytes().position(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
        out.push_str(&rest[..at]);
        let escaped = rest.as_bytes()[at];
        match escaped {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            0x08 => out.push_str("\\b"),
            b'\t' => out.push_str("\\t"),
            b'\n' => out.push_str("\\n"),
            0x0c => out.push_str("\\f"),
            b'\r' => out.push_str("\\r"),
            control => {
                let _ = write!(out, "\\u{control:04x}");
            }
        }
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::{
        actor::{Acting, Actor, Origin},
        audit::{Action, GENESIS, ItemsRecord, Target},
        id::TokenId,
    };

    proptest! {
        #[test]
        fn a_json_library_writes_the_same(words in proptest::collection::vec(any::<String>(), 12)) {
            let [id, name, address, request, note, reason, old, new, kind, target, item, session] =
                <[String; 12]>::try_from(words).unwrap();
            let acting = Acting {
                actor: Actor::Token { id: TokenId::from_trusted(id), name },
                origin: Origin { client_address: address, request_id: request, session, ..Origin::default() },
            };
            let mut event = Event::new(Timestamp::from_micros(1), &acting, Action::ActRefused);
            event.items = ItemsRecord::of(&[Item::from_trusted(item.as_str()), Item::from_trusted("/b")]);
            event.distribution = Some(DistributionId::from_trusted(item));
            event.target = Target { kind, id: target };
            (event.note, event.reason, event.old, event.new) = (note, reason, old, new);
            let written = text(&CanonicalFields::of(7, &event, GENESIS));
            let read: Value = serde_json::from_str(&written).unwrap();
            prop_assert_eq!(read.to_string(), written);
            prop_assert_eq!(read["reason"].as_str().unwrap(), event.reason);
            prop_assert_eq!(read["invalidation"].clone(), Value::Null);
        }
    }
}
