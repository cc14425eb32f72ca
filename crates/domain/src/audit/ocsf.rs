//! Writes an event as an API Activity of OCSF 1.3 (class 6003), the format that Amazon Security Lake and similar
//! systems read.

use std::net::IpAddr;

use serde_json::{Value, json};

use super::{Acting, Action, Chained, Outcome};
use crate::actor::{Actor, ActorKind};

/// The event as OCSF. An empty text is not a valid value in OCSF, so fields without a value are left out.
#[must_use]
pub fn api_activity(chained: &Chained) -> Value {
    let mut activity = with_gaps(chained);
    prune(&mut activity);
    activity
}

fn with_gaps(chained: &Chained) -> Value {
    let event = &chained.event;
    let Acting { actor, origin } = &event.acting;
    let activity = activity_id(event.action);
    let (status_id, status) = match event.outcome {
        Outcome::Done => (1, "Success"),
        Outcome::Refused | Outcome::Failed => (2, "Failure"),
    };
    json!({
        "activity_id": activity, "category_uid": 6, "class_uid": 6003, "type_uid": 600_300 + activity,
        "severity_id": if status_id == 1 { 1 } else { 2 },
        "time": event.at.as_micros() / 1_000,
        "status_id": status_id, "status": status, "status_detail": event.note,
        "message": event.action.label(),
        "actor": {"user": user(actor), "session": {"uid": origin.session}},
        "api": {"operation": event.action.as_str(), "request": {"uid": origin.request_id},
                "service": {"name": "unstale"}},
        "src_endpoint": endpoint(&origin.client_address),
        "resources": resources(chained),
        "metadata": {"version": "1.3.0", "uid": chained.sequence.to_string(),
                     "product": {"name": "Unstale", "vendor_name": "Unstale"}, "log_name": "audit"},
        "unmapped": {"reason": event.reason, "sign_in": origin.sign_in, "old": event.old, "new": event.new,
                     "items_count": event.items.count, "items_sha256": event.items.sha256,
                     "done_at": event.done_at.map(|at| at.to_string()), "run_url": origin.via.run_url,
                     "idempotency_key": origin.via.idempotency_key,
                     "requested_by": event.requested_by.as_ref().map(|actor| actor.name().to_owned()),
                     "aws_request_id": event.aws_request_id, "cloudfront_id": event.cloudfront_id,
                     "previous_hash": chained.previous_hash, "hash": chained.hash},
    })
}

/// Removes null and empty values. Returns `false` if the value itself is null or empty.
fn prune(value: &mut Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(_) | Value::Number(_) => true,
        Value::String(text) => !text.is_empty(),
        Value::Array(values) => {
            values.retain_mut(prune);
            !values.is_empty()
        }
        Value::Object(fields) => {
            fields.retain(|_, value| prune(value));
            !fields.is_empty()
        }
    }
}

/// The user who acted. OCSF requires a name or an ID, so the kind is the name of an actor that has neither.
fn user(actor: &Actor) -> Value {
    let unnamed = actor.id().is_empty() && actor.name().is_empty();
    let name = if unnamed { actor.kind().as_str() } else { actor.name() };
    let type_id = if actor.kind() == ActorKind::Person { 1 } else { 3 };
    json!({"uid": actor.id(), "name": name, "type_id": type_id, "type": actor.kind().as_str()})
}

/// The source of the request, which OCSF requires for every event. Events of the service itself and of the command
/// line have no address. CloudTrail may have the host name of an AWS service in place of an address, or a text such
/// as `AWS Internal`.
fn endpoint(address: &str) -> Value {
    let of_a_host = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    if address.is_empty() {
        json!({"name": "unstale"})
    } else if address.parse::<IpAddr>().is_ok() {
        json!({"ip": address})
    } else if address.chars().all(of_a_host) {
        json!({"hostname": address})
    } else {
        json!({"name": address})
    }
}

/// The resources of the event. OCSF requires a name or an ID for each.
fn resources(chained: &Chained) -> Vec<Value> {
    let event = &chained.event;
    let target = Some(&event.target).filter(|target| !target.id().is_empty());
    let target = target.map(|target| json!({"type": target.kind(), "uid": target.id()}));
    let place = event.distribution.iter().map(|id| json!({"type": "distribution", "uid": id.as_str()}));
    let items = event.items.shown.iter().map(|item| json!({"type": "item", "name": item.as_str()}));
    target.into_iter().chain(place).chain(items).collect()
}

/// The activity in OCSF's numbers: 1 create, 2 read, 3 update, 4 delete, 99 other.
fn activity_id(action: Action) -> i64 {
    // The last word of an action's name tells what it did.
    let words = action.as_str();
    if words.ends_with("requested") || words.ends_with("added") || words.ends_with("made") {
        1
    } else if words.ends_with("seen") {
        2
    } else if words.ends_with("changed") || words.ends_with("completed") {
        3
    } else if words.ends_with("cancelled") || words.ends_with("gone") || words.ends_with("dropped") {
        4
    } else {
        99
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        actor::Origin,
        audit::{Event, GENESIS, ItemsRecord, Target},
        id::{DistributionId, InvalidationId, PersonId},
        invalidations::item::Item,
        time::Timestamp,
    };

    /// The fields that OCSF 1.3 requires in an API Activity, and in the objects that it must contain.
    const REQUIRED: [&str; 12] = [
        "/activity_id",
        "/actor/user/name",
        "/api/operation",
        "/category_uid",
        "/class_uid",
        "/metadata/product/name",
        "/metadata/product/vendor_name",
        "/metadata/version",
        "/severity_id",
        "/src_endpoint",
        "/time",
        "/type_uid",
    ];

    fn event(actor: Actor, address: &str) -> Event {
        let origin = Origin { client_address: address.to_owned(), ..Origin::default() };
        Event::new(Timestamp::from_micros(1), &Acting { actor, origin }, Action::InvalidationRequested)
    }

    fn told(event: Event) -> Value {
        api_activity(&Chained::new(1, event, GENESIS.to_owned()))
    }

    fn ada() -> Actor {
        Actor::person(&PersonId::from_trusted("p1"), "ada@example.com")
    }

    #[track_caller]
    fn assert_says_something(value: &Value, place: &str) {
        match value {
            Value::Null => panic!("{place} is null"),
            Value::Bool(_) | Value::Number(_) => {}
            Value::String(text) => assert!(!text.is_empty(), "{place} is empty"),
            Value::Array(values) => {
                assert!(!values.is_empty(), "{place} is empty");
                for value in values {
                    assert_says_something(value, place);
                }
            }
            Value::Object(fields) => {
                assert!(!fields.is_empty(), "{place} is empty");
                for (name, value) in fields {
                    assert_says_something(value, &format!("{place}/{name}"));
                }
            }
        }
    }

    #[test]
    fn each_has_what_is_required_and_nothing_that_is_empty() {
        let host = "cloudformation.amazonaws.com";
        for (actor, address, endpoint) in [
            (ada(), "192.0.2.7", json!({"ip": "192.0.2.7"})),
            (ada(), "2001:db8::1", json!({"ip": "2001:db8::1"})),
            (ada(), "", json!({"name": "unstale"})),
            (Actor::Service, "", json!({"name": "unstale"})),
            (Actor::nobody(""), "192.0.2.7", json!({"ip": "192.0.2.7"})),
            (Actor::outside(), host, json!({"hostname": host})),
            (Actor::outside(), "AWS Internal", json!({"name": "AWS Internal"})),
        ] {
            let mut event = event(actor, address);
            event.target = Target::Invalidation(InvalidationId::from_trusted("i1"));
            let value = told(event);
            assert_says_something(&value, "");
            for required in REQUIRED {
                assert!(value.pointer(required).is_some(), "{required} is missing: {value}");
            }
            assert_eq!(value["src_endpoint"], endpoint);
        }
    }

    #[test]
    fn what_an_event_does_not_say_is_left_out() {
        let value = told(event(Actor::Service, ""));
        assert_says_something(&value, "");
        for gone in [
            "/actor/session",
            "/actor/user/uid",
            "/api/request",
            "/resources",
            "/status_detail",
            "/unmapped/reason",
            "/unmapped/sign_in",
        ] {
            assert_eq!(value.pointer(gone), None, "{gone}: {value}");
        }
    }

    #[test]
    fn what_an_event_says_stands_in_its_place() {
        let mut event = event(ada(), "192.0.2.7");
        let origin = &mut event.acting.origin;
        (origin.session, origin.request_id) = ("s1".to_owned(), "r1".to_owned());
        event.target = Target::Invalidation(InvalidationId::from_trusted("i1"));
        event.distribution = Some(DistributionId::from_trusted("E1"));
        event.items = ItemsRecord::of(&[Item::from_trusted("/a")]);
        let value = told(event);
        let resources = json!([
            {"type": "invalidation", "uid": "i1"},
            {"type": "distribution", "uid": "E1"},
            {"type": "item", "name": "/a"},
        ]);
        for (place, said) in [
            ("/class_uid", json!(6003)),
            ("/type_uid", json!(600_301)),
            ("/actor/session/uid", json!("s1")),
            ("/actor/user/uid", json!("p1")),
            ("/api/request/uid", json!("r1")),
            ("/resources", resources),
        ] {
            assert_eq!(value.pointer(place), Some(&said), "{place}");
        }
    }
}
