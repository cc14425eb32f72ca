//! What was written is read, and what is no event is told.

use proptest::prelude::*;

use super::*;
use crate::{
    actor::Actor,
    audit::GENESIS,
    id::{BatchId, GrantId, PersonId, TokenId},
    storable::storable,
};

/// An event with these words in its fields, which none of them gives a meaning to.
fn event(words: [String; 20], micros: i64, at: usize) -> Event {
    let [
        id,
        name,
        client_address,
        request_id,
        note,
        reason,
        old,
        new,
        target,
        item,
        session,
        sign_in,
        run_url,
        key,
        aws,
        cloudfront,
        place,
        invalidation,
        asker,
        asker_id,
    ] = words;
    let via = Via { run_url, idempotency_key: key };
    let origin = Origin { client_address, request_id, sign_in, session, via, ..Origin::default() };
    let acting = Acting { actor: Actor::person(&PersonId::from_trusted(format!("p{id}")), &name), origin };
    let action = Action::ALL[at % Action::ALL.len()];
    let mut event = Event::new(Timestamp::from_micros(micros), &acting, action);
    event.done_at = at.is_multiple_of(2).then(|| Timestamp::from_micros(micros / 2));
    event.items = ItemsRecord::of(&[Item::from_trusted(item), Item::from_trusted("/b")]);
    event.distribution = at.is_multiple_of(3).then(|| DistributionId::from_trusted(place));
    event.invalidation = at.is_multiple_of(4).then(|| InvalidationId::from_trusted(invalidation));
    event.requested_by = at
        .is_multiple_of(5)
        .then(|| Actor::Token { id: TokenId::from_trusted(format!("t{asker_id}")), name: asker });
    event.outcome = [Outcome::Done, Outcome::Refused, Outcome::Failed][at % 3];
    event.target = match at % 7 {
        0 => Target::Act(target),
        1 => Target::Batch(BatchId::from_trusted(target)),
        2 => Target::Grant(GrantId::from_trusted(target)),
        3 => Target::Person(PersonId::from_trusted(target)),
        4 => Target::Token(TokenId::from_trusted(target)),
        5 => Target::Segment(target),
        _ => Target::None,
    };
    (event.note, event.reason, event.old, event.new) = (note, reason, old, new);
    (event.aws_request_id, event.cloudfront_id) = (aws, cloudfront);
    event
}

fn words() -> impl Strategy<Value = [String; 20]> {
    let words = proptest::collection::vec(any::<String>(), 20);
    words.prop_map(|words| <[String; 20]>::try_from(words).unwrap())
}

proptest! {
    /// As far as both engines can keep it: a NUL is replaced.
    #[test]
    fn what_was_written_is_read(words in words(), micros in 0..4_000_000_000_000_000_i64, at in 0..1_000_usize) {
        let event = event(words.map(|word| storable(&word).into_owned()), micros, at);
        let written = Chained::new(7, event, GENESIS.to_owned());
        let read = Chained::read(&written.form, &written.hash).unwrap();
        prop_assert_eq!(read, written);
    }

    #[test]
    fn a_json_library_writes_the_same(words in words(), at in 0..1_000_usize) {
        let written = write(7, &event(words, 1, at), GENESIS);
        let read: Value = serde_json::from_str(&written).unwrap();
        prop_assert_eq!(read.to_string(), written.clone());
        prop_assert!(!written.contains(|c: char| c < ' ' || c == '\0'), "a form is one line");
    }
}

fn simple() -> Event {
    let acting = Acting {
        actor: Actor::person(&PersonId::from_trusted("p1"), "ops@example.com"),
        ..Acting::service()
    };
    let mut event = Event::new(Timestamp::from_micros(1_000_000), &acting, Action::InvalidationRequested);
    event.items = ItemsRecord::of(&[Item::from_trusted("/a"), Item::from_trusted("/b*")]);
    event.reason = "WEB-1: \"quotes\" and\nlines".to_owned();
    event
}

#[test]
fn the_form_has_sorted_keys_and_no_white_space() {
    let text = write(1, &simple(), GENESIS);
    assert!(text.starts_with(r#"{"action":"invalidation.requested","actor":{"id":"p1","kind""#), "{text}");
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value.to_string(), text);
    assert_eq!(value["at"], "1970-01-01T00:00:01.000000Z");
    assert_eq!((&value["invalidation"], &value["done_at"]), (&Value::Null, &Value::Null));
}

#[test]
fn a_nul_is_replaced_and_what_looks_like_one_is_not() {
    let mut event = simple();
    event.note = "a\0b \\u0000".to_owned();
    let written = Chained::new(1, event, GENESIS.to_owned());
    let read = Chained::read(&written.form, &written.hash).unwrap();
    assert_eq!(read.event.note, "a\u{fffd}b \\u0000");
}

#[test]
fn what_is_no_event_says_why_and_what_is_left_of_it() {
    let form =
        write(9, &Event { distribution: Some(DistributionId::from_trusted("E1")), ..simple() }, GENESIS);
    for (from, to, why) in [
        ("\"version\":1", "\"version\":2", "its version is 2"),
        ("\"sign_in\":\"\",", "", "missing field `sign_in`"),
        ("invalidation.requested", "invalidation.danced", "an action is \"invalidation.danced\""),
        ("\"done\"", "\"maybe\"", "an outcome is \"maybe\""),
        ("\"kind\":\"person\"", "\"kind\":\"robot\"", "an actor's kind is \"robot\""),
        ("\"kind\":\"\"", "\"kind\":\"planet\"", "a target's kind is \"planet\""),
        ("1970-01-01T", "1970-13-01T", "a time is "),
    ] {
        let changed = form.replacen(from, to, 1);
        let error = Chained::read(&changed, "").unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
        let left = Chained::unreadable(9, &changed, "h", &error);
        assert_eq!(left.event.action, Action::EventUnreadable);
        assert!(left.event.note.contains(why) && !left.is_intact());
        assert_eq!(left.event.distribution, Some(DistributionId::from_trusted("E1")));
        assert_eq!((left.sequence, left.previous_hash.as_str()), (9, GENESIS));
    }
    let newer = form.replacen("\"version\":1", "\"version\":2", 1).replacen("\"sign_in\":\"\",", "", 1);
    assert!(matches!(Chained::read(&newer, ""), Err(FormError::Version(2))), "of other keys");
    let error = Chained::read("{", "").unwrap_err();
    assert_eq!(Chained::unreadable(3, "{", "", &error).sequence, 3);
}
