//! Walks a chain event by event and names the first one that is not as it was written.

use std::collections::BTreeMap;

use super::{
    Chained, GENESIS, VERSION,
    form::Links,
    head::{Head, HeadError, PublicKey, SignedHead},
};
use crate::secret::sha256_hex;

/// What is wrong at an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    #[error("it is missing")]
    Missing,
    #[error("it stands out of its order")]
    OutOfOrder,
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    #[error("its form has version {0}, which this program does not know")]
    Version(i64),
    #[error("it does not follow the event before it")]
    Link,
    #[error("it was changed: its hash is not that of what it says")]
    Hash,
    #[error("it is not the event that was signed; it, or an event after event {0}, was rewritten")]
    NotAsSigned(i64),
    #[error("it is missing: a signed head says that there were {0} events")]
    CutOff(i64),
    #[error("the table's own note of the last event says something else")]
    HeadRow,
    #[error(transparent)]
    Signature(#[from] HeadError),
    /// The chain is intact, and a table does not hold what the event states.
    #[error("{0}")]
    Tables(String),
}

/// The first event that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("event {sequence}: {flaw}")]
pub struct Broken {
    pub sequence: i64,
    pub flaw: Flaw,
}

/// A line of an export: a form and its hash.
#[derive(Debug, Clone, Copy)]
struct ExportedLine<'a> {
    form: &'a str,
    hash: &'a str,
}

/// A walk along a chain.
#[derive(Debug, Clone)]
pub struct Walk {
    /// The last event that was found in its place, or the point that the walk began from.
    last: Head,
    checked: u64,
    /// What signed heads say, by event.
    signed: BTreeMap<i64, String>,
    /// The last signed head that was passed.
    passed: i64,
    heads: u64,
    /// Heads that are known of events before the beginning: nothing here can be held to them.
    beneath: Vec<i64>,
    /// Events may be missing between: a part of a history, oldest or newest first.
    part: bool,
    /// In a part, the hash that the last event has of the one before it.
    before: String,
}

impl Default for Walk {
    fn default() -> Self {
        Self::after(Head { sequence: 0, hash: GENESIS.to_owned() })
    }
}

impl Walk {
    /// Begins behind an event that is trusted.
    #[must_use]
    pub fn after(last: Head) -> Self {
        Self {
            passed: last.sequence,
            last,
            checked: 0,
            signed: BTreeMap::new(),
            heads: 0,
            beneath: Vec::new(),
            part: false,
            before: String::new(),
        }
    }

    /// A walk over a search's result: each event by itself, and links where neighbours are there.
    #[must_use]
    pub fn over_a_part() -> Self {
        Self { part: true, ..Self::default() }
    }

    /// Holds the chain to a head that is known from elsewhere. To be called before the walk begins.
    pub fn require_head(&mut self, head: &Head) -> Result<(), Broken> {
        if head.sequence < self.last.sequence {
            self.beneath.push(head.sequence);
            return Ok(());
        }
        let before = self.signed.insert(head.sequence, head.hash.clone());
        let contradicts = before.is_some_and(|hash| hash != head.hash);
        let behind = head.sequence == self.last.sequence && head.hash != self.last.hash;
        if contradicts || behind {
            return Err(broken(head.sequence, Flaw::NotAsSigned(self.passed)));
        }
        Ok(())
    }

    /// The same for a signed head, whose signature must fit under one of these keys, or under its own.
    pub fn require_signed_head(&mut self, signed: &SignedHead, trusted: &[PublicKey]) -> Result<(), Broken> {
        signed.check(trusted).map_err(|error| broken(signed.head.sequence, error.into()))?;
        self.require_head(&signed.head)
    }

    /// Takes the next event. A walk that met a broken one stands before it, as if it had not been taken.
    pub fn take(&mut self, next: &Chained) -> Result<(), Broken> {
        self.take_stored(next.sequence, &next.form, &next.hash)
    }

    /// Takes the next form as it is stored: under this sequence, with this hash beside it.
    pub fn take_stored(&mut self, sequence: i64, form: &str, hash: &str) -> Result<(), Broken> {
        let links = Links::read(form).map_err(|why| self.unreadable(sequence, &why.to_string()))?;
        if links.sequence != sequence {
            let next = self.last.sequence + 1;
            let gap = !self.part && sequence > next;
            return Err(if gap { broken(next, Flaw::Missing) } else { broken(sequence, Flaw::OutOfOrder) });
        }
        self.take_form(&links, form, hash)
    }

    /// Takes the next line of an export.
    pub fn take_line(&mut self, text: &str) -> Result<(), Broken> {
        let next = self.last.sequence + 1;
        let unreadable = |why: String| broken(next, Flaw::Unreadable(why));
        let line = split(text).ok_or_else(|| unreadable("the line is not one of an export".to_owned()))?;
        let links = Links::read(line.form).map_err(|why| unreadable(why.to_string()))?;
        self.take_form(&links, line.form, line.hash)
    }

    fn take_form(&mut self, links: &Links, form: &str, hash: &str) -> Result<(), Broken> {
        if links.version != VERSION {
            return Err(broken(links.sequence, Flaw::Version(links.version)));
        }
        self.link(links.sequence, &links.previous_hash, hash, form)
    }

    /// An event that could not even be read.
    #[must_use]
    pub fn unreadable(&self, sequence: i64, why: &str) -> Broken {
        let next = self.last.sequence + 1;
        if sequence == next || self.part {
            broken(sequence, Flaw::Unreadable(why.to_owned()))
        } else {
            broken(next, Flaw::Missing)
        }
    }

    fn link(&mut self, sequence: i64, previous: &str, hash: &str, form: &str) -> Result<(), Broken> {
        let next = self.last.sequence + 1;
        if !self.part && sequence != next {
            let flaw = if sequence > next { Flaw::Missing } else { Flaw::OutOfOrder };
            return Err(broken(next, flaw));
        }
        if hash != sha256_hex(form.as_bytes()) {
            return Err(broken(sequence, Flaw::Hash));
        }
        if sequence == next && (!self.part || self.checked > 0) && previous != self.last.hash {
            return Err(broken(sequence, Flaw::Link));
        }
        if self.part {
            if self.checked > 0 && sequence + 1 == self.last.sequence && hash != self.before {
                return Err(broken(sequence, Flaw::Link));
            }
            previous.clone_into(&mut self.before);
        }
        if let Some(signed) = self.signed.get(&sequence) {
            if signed != hash {
                return Err(broken(sequence, Flaw::NotAsSigned(self.passed)));
            }
            self.signed.remove(&sequence);
            self.passed = sequence;
            self.heads += 1;
        }
        self.last.sequence = sequence;
        hash.clone_into(&mut self.last.hash);
        self.checked += 1;
        Ok(())
    }

    /// The end: no head that is known lies behind it.
    pub fn end(&self) -> Result<(), Broken> {
        let ahead = self.signed.keys().next_back().copied().filter(|head| *head > self.last.sequence);
        match ahead {
            Some(head) if !self.part => Err(broken(self.last.sequence + 1, Flaw::CutOff(head))),
            _ => Ok(()),
        }
    }

    /// Where the walk is.
    #[must_use]
    pub const fn last(&self) -> &Head {
        &self.last
    }

    /// So many events were checked.
    #[must_use]
    pub const fn checked(&self) -> u64 {
        self.checked
    }

    /// The events before the beginning of which heads are known.
    #[must_use]
    pub fn beneath(&self) -> &[i64] {
        &self.beneath
    }

    /// So many heads were met and fit.
    #[must_use]
    pub const fn heads(&self) -> u64 {
        self.heads
    }
}

/// The event before a line of an export, as the line itself says it.
#[must_use]
pub fn line_before(text: &str) -> Option<Head> {
    form_before(split(text)?.form)
}

/// The event before a form, as the form itself says it.
#[must_use]
pub fn form_before(form: &str) -> Option<Head> {
    let links = Links::read(form).ok()?;
    Head::new(links.sequence - 1, &links.previous_hash).ok()
}

const fn broken(sequence: i64, flaw: Flaw) -> Broken {
    Broken { sequence, flaw }
}

/// Takes `{"event":…,"hash":"…"}` apart without reading it.
fn split(text: &str) -> Option<ExportedLine<'_>> {
    let inner = text.strip_prefix("{\"event\":")?.strip_suffix("\"}")?;
    let at = inner.len().checked_sub(64)?;
    let (front, hash) = (inner.get(..at)?, inner.get(at..)?);
    Some(ExportedLine { form: front.strip_suffix(",\"hash\":\"")?, hash })
}

#[cfg(test)]
mod tests {
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
                let mut event =
                    Event::new(Timestamp::from_micros(sequence), &Acting::service(), Action::SetUp);
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
        assert_eq!(
            flaw(&moved, Walk::default()),
            (4, Flaw::Missing),
            "its row says another number than it does"
        );
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
}
