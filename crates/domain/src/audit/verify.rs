//! Verifies a chain event by event and names the first event that was changed.

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
    #[error(
        "the columns that searches use do not follow from what the events say: somebody made another table of it"
    )]
    Columns,
    /// The chain is intact, but a table disagrees with the event.
    #[error("{0}")]
    Tables(String),
}

/// The first event that is not valid, and why.
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

/// The state of a verification that goes along a chain.
#[derive(Debug, Clone)]
pub struct Walk {
    /// The last event that was valid, or the point where the walk began.
    last: Head,
    checked: u64,
    /// The hashes that known heads state, by event number.
    signed: BTreeMap<i64, String>,
    /// The event number of the last known head that the walk passed.
    passed: i64,
    heads: u64,
    /// Known heads of events before the beginning. The walk cannot check them.
    beneath: Vec<i64>,
    /// Whether the events are only a part of a history, oldest or newest first, so that some may be missing.
    part: bool,
    /// In a part, the previous hash in the last event.
    before: String,
}

impl Default for Walk {
    fn default() -> Self {
        Self::after(Head { sequence: 0, hash: GENESIS.to_owned() })
    }
}

impl Walk {
    /// Begins after an event that is trusted.
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

    /// A walk over the result of a search. It checks each event, and the link between events with adjacent numbers.
    #[must_use]
    pub fn over_a_part() -> Self {
        Self { part: true, ..Self::default() }
    }

    /// Requires that the chain contains a head that is known from elsewhere. Call it before the walk begins.
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

    /// Requires a signed head. Its signature must be valid with one of these keys, or with its own if there are
    /// none.
    pub fn require_signed_head(&mut self, signed: &SignedHead, trusted: &[PublicKey]) -> Result<(), Broken> {
        signed.check(trusted).map_err(|error| broken(signed.head.sequence, error.into()))?;
        self.require_head(&signed.head)
    }

    /// Checks the next event. After `Err`, the walk is still before that event.
    pub fn take(&mut self, next: &Chained) -> Result<(), Broken> {
        self.take_stored(next.sequence, &next.form, &next.hash)
    }

    /// Checks the next stored form, with the number and the hash that are stored beside it.
    pub fn take_stored(&mut self, sequence: i64, form: &str, hash: &str) -> Result<(), Broken> {
        let links = Links::read(form).map_err(|why| self.unreadable(sequence, &why.to_string()))?;
        if links.sequence != sequence {
            let next = self.last.sequence + 1;
            let gap = !self.part && sequence > next;
            return Err(if gap { broken(next, Flaw::Missing) } else { broken(sequence, Flaw::OutOfOrder) });
        }
        self.take_form(&links, form, hash)
    }

    /// Checks the next line of an export.
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

    /// The error for an event that cannot be read.
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

    /// Ends the walk. `Err` if a known head is after the last event.
    pub fn end(&self) -> Result<(), Broken> {
        let ahead = self.signed.keys().next_back().copied().filter(|head| *head > self.last.sequence);
        match ahead {
            Some(head) if !self.part => Err(broken(self.last.sequence + 1, Flaw::CutOff(head))),
            _ => Ok(()),
        }
    }

    /// The last event that was checked.
    #[must_use]
    pub const fn last(&self) -> &Head {
        &self.last
    }

    /// The number of events that were checked.
    #[must_use]
    pub const fn checked(&self) -> u64 {
        self.checked
    }

    /// The numbers of events before the beginning for which heads are known.
    #[must_use]
    pub fn beneath(&self) -> &[i64] {
        &self.beneath
    }

    /// The number of known heads that matched.
    #[must_use]
    pub const fn heads(&self) -> u64 {
        self.heads
    }
}

/// The event before a line of an export, as the line states it.
#[must_use]
pub fn line_before(text: &str) -> Option<Head> {
    form_before(split(text)?.form)
}

/// The event before a form, as the form states it.
#[must_use]
pub fn form_before(form: &str) -> Option<Head> {
    let links = Links::read(form).ok()?;
    Head::new(links.sequence - 1, &links.previous_hash).ok()
}

const fn broken(sequence: i64, flaw: Flaw) -> Broken {
    Broken { sequence, flaw }
}

/// Takes `{"event":…,"hash":"…"}` apart without parsing the event.
fn split(text: &str) -> Option<ExportedLine<'_>> {
    let inner = text.strip_prefix("{\"event\":")?.strip_suffix("\"}")?;
    let at = inner.len().checked_sub(64)?;
    let (front, hash) = (inner.get(..at)?, inner.get(at..)?);
    Some(ExportedLine { form: front.strip_suffix(",\"hash\":\"")?, hash })
}

#[cfg(test)]
mod tests;
