//! Chains that are whole, and chains that are not.

use super::*;
use crate::{
    actor::Acting,
    audit::{Action, Event, export, head::HeadKey},
    time::Timestamp,
};

fn chain(length: i64) -> Vec<Chained> {
    let mut previous = GENESIS.to_owned();
    (1..=length)
        .map(|sequence| {
            let mut event = Event::new(Timestamp::from_micros(sequence), &Acting::service(), Action::SetUp);
            event.note = format!("\"event\" {sequence}");
            let chained = Chained::new(sequence, event, previous.clone());
            previous.clone_from(&chained.hash);
            chained
        })
        .collect()
}

fn walk(chain: &[Chained], mut walk: Walk) -> Result<Walk, Broken> {
    for chained in chain {
        walk.take(chained)?;
    }
    walk.end()?;
    Ok(walk)
}

/// The same event with another reason, and a hash that fits it.
fn rewritten(chained: &Chained) -> Chained {
    let event = Event { reason: "!".to_owned(), ..chained.event.clone() };
    Chained::new(chained.sequence, event, chained.previous_hash.clone())
}

#[track_caller]
fn flaw(chain: &[Chained], begun: Walk) -> (i64, Flaw) {
    let broken = walk(chain, begun).unwrap_err();
    (broken.sequence, broken.flaw)
}

#[test]
fn an_untouched_chain_is_intact_also_as_a_file() {
    let chain = chain(9);
    assert_eq!(walk(&chain, Walk::default()).unwrap().checked(), 9);
    let mut file = Walk::default();
    for chained in &chain {
        file.take_line(&export::jsonl(chained)).unwrap();
    }
    assert_eq!(file.last().hash, chain[8].hash);
}

#[test]
fn the_first_bad_event_is_named() {
    let whole = chain(9);
    let mut changed = whole.clone();
    changed[3] = rewritten(&whole[3]);
    changed[3].hash.clone_from(&whole[3].hash);
    assert_eq!(flaw(&changed, Walk::default()), (4, Flaw::Hash));
    let mut rehashed = whole.clone();
    rehashed[3] = rewritten(&whole[3]);
    assert_eq!(flaw(&rehashed, Walk::default()), (5, Flaw::Link));
    let mut removed = whole.clone();
    removed.remove(3);
    assert_eq!(flaw(&removed, Walk::default()), (4, Flaw::Missing));
    let mut swapped = whole.clone();
    swapped.swap(3, 4);
    assert_eq!(flaw(&swapped, Walk::default()).0, 4);
    let mut moved = whole.clone();
    moved[3].sequence = 7;
    assert_eq!(flaw(&moved, Walk::default()), (4, Flaw::Missing), "its row says another number than it does");
    moved[3] = Chained { sequence: 4, ..whole[2].clone() };
    assert_eq!(flaw(&moved, Walk::default()), (4, Flaw::OutOfOrder));
    let mut torn = whole.clone();
    torn[3].form.pop();
    assert!(matches!(flaw(&torn, Walk::default()), (4, Flaw::Unreadable(_))));
    let mut newer = whole.clone();
    newer[3].form = newer[3].form.replace("\"version\":1", "\"version\":2");
    assert_eq!(flaw(&newer, Walk::default()), (4, Flaw::Version(2)));
    let mut twice = whole.clone();
    twice.insert(4, whole[3].clone());
    assert_eq!(flaw(&twice, Walk::default()), (5, Flaw::OutOfOrder));
}

#[test]
fn a_signed_head_shows_what_the_chain_alone_cannot() {
    let whole = chain(9);
    let key = HeadKey::from_random([1; 32]);
    let head = Head { sequence: 9, hash: whole[8].hash.clone() };
    let signed = key.sign(head, Timestamp::from_micros(99));
    let known = || {
        let mut walk = Walk::default();
        walk.require_signed_head(&signed, &[key.public()]).unwrap();
        walk
    };
    assert_eq!(walk(&whole, known()).unwrap().heads(), 1);
    assert_eq!(flaw(&whole[..7], known()), (8, Flaw::CutOff(9)));
    let mut forged = whole.clone();
    forged[2] = rewritten(&whole[2]);
    for index in 3..9 {
        let previous = forged[index - 1].hash.clone();
        forged[index] = Chained::new(whole[index].sequence, whole[index].event.clone(), previous);
    }
    assert!(walk(&forged, Walk::default()).is_ok(), "by itself it looks sound");
    assert_eq!(flaw(&forged, known()), (9, Flaw::NotAsSigned(0)));
    let other = HeadKey::from_random([2; 32]).public();
    assert!(Walk::default().require_signed_head(&signed, &[other]).is_err());
}

#[test]
fn a_part_is_checked_event_by_event() {
    let whole = chain(9);
    let part: Vec<_> = [8_usize, 6, 5, 1].iter().map(|index| whole[*index].clone()).collect();
    assert_eq!(walk(&part, Walk::over_a_part()).unwrap().checked(), 4);
    let mut changed = part;
    changed[1] = Chained { hash: whole[6].hash.clone(), ..rewritten(&whole[6]) };
    assert_eq!(flaw(&changed, Walk::over_a_part()), (7, Flaw::Hash));
    // Event 6 written anew with a hash that fits: its neighbours say so, whichever comes first.
    let forged = rewritten(&whole[5]);
    for (part, at) in [([7, 6, 5], 6), ([5, 6, 7], 7)] {
        let part: Vec<_> =
            part.iter().map(|n| if *n == 6 { forged.clone() } else { whole[n - 1].clone() }).collect();
        assert_eq!(flaw(&part, Walk::over_a_part()), (at, Flaw::Link));
    }
}

#[test]
fn a_head_of_what_lies_before_the_beginning_is_told_apart() {
    let whole = chain(9);
    let mut begun = Walk::after(Head { sequence: 4, hash: whole[3].hash.clone() });
    begun.require_head(&Head { sequence: 2, hash: whole[1].hash.clone() }).unwrap();
    begun.require_head(&Head { sequence: 6, hash: whole[5].hash.clone() }).unwrap();
    let done = walk(&whole[4..], begun).unwrap();
    assert_eq!((done.heads(), done.beneath()), (1, &[2][..]));
}
