//! The canonical form of an event, the text under its hash: JSON after RFC 8785, written straight into a string.

use std::fmt::Write as _;

use super::{Acting, Event, VERSION};

/// The whole form.
#[must_use]
pub fn text(sequence: i64, event: &Event, previous_hash: &str) -> String {
    let mut out = String::with_capacity(1_024);
    write(&mut out, sequence, event, previous_hash);
    out
}

/// Writes it behind what stands in `out`. The keys stand in their order; the test compares with a JSON library.
pub fn write(out: &mut String, sequence: i64, event: &Event, previous_hash: &str) {
    let Acting { actor, origin } = &event.acting;
    out.push('{');
    field(out, "action", event.action.as_str());
    out.push_str(",\"actor\":{");
    field(out, "id", &actor.id);
    next_field(out, "kind", actor.kind.as_str());
    next_field(out, "name", &actor.name);
    // Writing into a string cannot fail.
    let _ = write!(out, "}},\"at\":\"{}\"", event.at);
    next_field(out, "aws_request_id", &event.aws_request_id);
    next_field(out, "client_address", &origin.client_address);
    next_field(out, "cloudfront_id", &event.cloudfront_id);
    optional(out, "distribution", event.distribution.as_ref().map(super::DistributionId::as_str));
    optional(out, "invalidation", event.invalidation.as_ref().map(super::InvalidationId::as_str));
    items(out, event);
    next_field(out, "new", &event.new);
    next_field(out, "note", &event.note);
    next_field(out, "old", &event.old);
    next_field(out, "outcome", event.outcome.as_str());
    next_field(out, "previous_hash", previous_hash);
    next_field(out, "reason", &event.reason);
    next_field(out, "request_id", &origin.request_id);
    let _ = write!(out, ",\"sequence\":{sequence}");
    next_field(out, "session", &origin.session);
    next_field(out, "sign_in", &origin.sign_in);
    out.push_str(",\"target\":{");
    field(out, "id", &event.target.id);
    next_field(out, "kind", &event.target.kind);
    let _ = write!(out, "}},\"version\":{VERSION}}}");
}

fn items(out: &mut String, event: &Event) {
    let _ = write!(out, ",\"items\":{{\"count\":{}", event.items.count);
    next_field(out, "sha256", &event.items.sha256);
    out.push_str(",\"shown\":[");
    for (index, item) in event.items.shown.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        string(out, item.as_str());
    }
    out.push_str("]}");
}

fn next_field(out: &mut String, key: &str, value: &str) {
    out.push(',');
    field(out, key, value);
}

fn field(out: &mut String, key: &str, value: &str) {
    name(out, key);
    string(out, value);
}

fn optional(out: &mut String, key: &str, value: Option<&str>) {
    out.push(',');
    name(out, key);
    match value {
        Some(value) => string(out, value),
        None => out.push_str("null"),
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
    use crate::domain::{
        actor::{Actor, Origin},
        audit::{Action, GENESIS, ItemsRecord, Target},
        id::DistributionId,
        item::Item,
        time::Timestamp,
    };

    proptest! {
        #[test]
        fn a_json_library_writes_the_same(words in proptest::collection::vec(any::<String>(), 12)) {
            let [id, name, address, request, note, reason, old, new, kind, target, item, session] =
                <[String; 12]>::try_from(words).unwrap();
            let acting = Acting {
                actor: Actor { id, name, ..Actor::service() },
                origin: Origin { client_address: address, request_id: request, session, ..Origin::default() },
            };
            let mut event = Event::new(Timestamp::from_micros(1), &acting, Action::ActRefused);
            event.items = ItemsRecord::of(&[Item::from_trusted(item.as_str()), Item::from_trusted("/b")]);
            event.distribution = Some(DistributionId::from_trusted(item));
            event.target = Target { kind, id: target };
            (event.note, event.reason, event.old, event.new) = (note, reason, old, new);
            let written = text(7, &event, GENESIS);
            let read: Value = serde_json::from_str(&written).unwrap();
            prop_assert_eq!(read.to_string(), written);
            prop_assert_eq!(read["reason"].as_str().unwrap(), event.reason);
            prop_assert_eq!(read["invalidation"].clone(), Value::Null);
        }
    }
}
