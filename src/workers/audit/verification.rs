//! Walks the chain in the database in bounded steps: for the command line in one go, for the audit worker a little at a time.

use std::collections::{BTreeSet, VecDeque};

use tokio::task::JoinHandle;

use crate::{
    domain::audit::{
        head::{Head, PublicKey, SignedHead},
        segment::SignedSegment,
        verify::{Broken, Flaw, Walk, form_before},
    },
    store::{
        Conn, Db, StoreError,
        audit::{self, StoredEvents},
    },
};

/// So many pages are read while one is walked: making their text costs the database more than walking them costs us.
const PAGES_AHEAD: usize = 2;
/// The number of signed heads that one query reads.
const HEADS: usize = 1_000;

/// What is known from elsewhere, and whose signatures count.
#[derive(Debug, Clone, Default)]
pub struct TrustedHeads {
    /// Where none is named, each head is held to the key that it names itself.
    pub keys: Vec<PublicKey>,
    /// The same for segments that were dropped, beside `keys`.
    pub segment_keys: Vec<PublicKey>,
    pub heads: Vec<Head>,
    pub signed: Vec<SignedHead>,
}

/// Why a check stopped early.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    #[error(transparent)]
    Broken(#[from] Broken),
    #[error("the history could not be checked")]
    Store(#[from] StoreError),
    #[error("the history could not be checked")]
    Ended(#[from] tokio::task::JoinError),
}

/// The result of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VerificationStep {
    More,
    /// All events there are were walked, and the note of the last one agrees.
    End,
}

/// A check in progress.
#[derive(Debug)]
pub struct Check {
    walk: Walk,
    known: TrustedHeads,
    /// The segments that were dropped before it.
    segments: Vec<SignedSegment>,
    /// The keys of the signed heads that it is held to.
    head_keys: BTreeSet<String>,
    /// The first event that was there when it began.
    first: i64,
    /// The next pages, which are read while one is walked.
    ahead: VecDeque<JoinHandle<Result<StoredEvents, StoreError>>>,
}

/// How a walk over a page ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Walked {
    Over,
    /// Something is not as it was written; row by row it shows what.
    Doubtful,
}

impl Check {
    /// From the first event on that is there, held to all signed heads.
    pub async fn begin(db: &Db, known: &TrustedHeads) -> Result<Self, CheckError> {
        let mut conn = db.read().await?;
        // Before the segments: what is dropped meanwhile shows in the first step.
        let first = audit::first_sequence(&mut conn).await?;
        let segments = audit::segments(&mut conn).await?;
        if !audit::follows_forms(&mut conn).await? {
            return Err(at(first, Flaw::Columns).into());
        }
        let ends = ends(&segments, known)?;
        let mut walk = begin_walk(&mut conn, first, &ends).await?;
        let mut head_keys = expect_noted(&mut conn, &mut walk, known).await?;
        for signed in &known.signed {
            signed.check(&known.keys).map_err(|error| at(signed.head.sequence, error.into()))?;
            head_keys.insert(signed.public_key.as_str().to_owned());
        }
        for head in known.signed.iter().map(|signed| &signed.head).chain(&known.heads) {
            match ends.iter().find(|end| end.sequence == head.sequence) {
                Some(end) if end != head => return Err(at(head.sequence, Flaw::NotAsSigned(0)).into()),
                Some(_) => {}
                None => walk.require_head(head)?,
            }
        }
        Ok(Self { walk, known: known.clone(), segments, head_keys, first, ahead: VecDeque::new() })
    }

    /// From the first event that there can be.
    #[must_use]
    pub fn of_all() -> Self {
        Self { walk: Walk::default(), ..Self::after(Head { sequence: 0, hash: String::new() }) }
    }

    /// From behind a head that is trusted.
    #[must_use]
    pub fn after(head: Head) -> Self {
        let first = head.sequence + 1;
        Self {
            walk: Walk::after(head),
            known: TrustedHeads::default(),
            segments: Vec::new(),
            head_keys: BTreeSet::new(),
            first,
            ahead: VecDeque::new(),
        }
    }

    /// Walks up to `rows` events, and reads the next ones meanwhile.
    ///
    /// Old events may be dropped in the middle of it, by a service beside this command or by another replica. What is
    /// missing then was exported and signed, so that the walk begins anew behind it.
    pub async fn step(&mut self, db: &Db, rows: usize) -> Result<VerificationStep, CheckError> {
        match self.walk_on(db, rows).await {
            Err(CheckError::Broken(broken)) if self.ground_was_dropped(db).await? => {
                tracing::debug!(
                    event = broken.sequence,
                    "old events were dropped meanwhile; the check begins anew"
                );
                *self = Self::begin(db, &self.known).await?;
                Ok(VerificationStep::More)
            }
            other => other,
        }
    }

    /// Are events gone by now that were there when this walk began?
    async fn ground_was_dropped(&self, db: &Db) -> Result<bool, StoreError> {
        let mut conn = db.read().await?;
        let kept = audit::segments(&mut conn).await?;
        let first = audit::first_sequence(&mut conn).await?;
        let dropped_since = kept.last().is_some_and(|signed| signed.segment.last >= self.first);
        Ok(dropped_since && first > self.first)
    }

    async fn walk_on(&mut self, db: &Db, rows: usize) -> Result<VerificationStep, CheckError> {
        let page = match self.ahead.pop_front() {
            Some(reading) => reading.await?,
            None => read(db, self.walk.last().sequence, rows).await,
        };
        let full = page.as_ref().is_ok_and(|page| page.len == rows);
        if !full {
            // They do not follow on it, or were read before it was the end.
            self.ahead.clear();
        }
        let page = match page {
            Ok(page) if page.len > 0 => page,
            Err(error) if error.is_passing() => return Err(error.into()),
            Ok(_) | Err(_) => return self.walk_row_by_row(db, rows).await,
        };
        if full {
            self.read_ahead(db, page.last, rows);
        }
        let walk = std::mem::take(&mut self.walk);
        let (walk, walked) = tokio::task::spawn_blocking(move || walk_over(walk, &page)).await?;
        self.walk = walk;
        match walked {
            Walked::Over => Ok(VerificationStep::More),
            Walked::Doubtful => {
                self.ahead.clear();
                self.walk_row_by_row(db, rows).await
            }
        }
    }

    /// Begins to read what follows on a page that was full. What is wrong with it shows when its turn comes.
    fn read_ahead(&mut self, db: &Db, mut after: i64, rows: usize) {
        for page in 0..PAGES_AHEAD {
            if page == self.ahead.len() {
                let db = db.clone();
                self.ahead.push_back(tokio::spawn(async move { read(&db, after, rows).await }));
            }
            after = after.saturating_add(i64::try_from(rows).unwrap_or(i64::MAX));
        }
    }

    /// The same from where the walk stands, with each row by itself: slower, and exact about what is wrong and where the
    /// end is.
    async fn walk_row_by_row(&mut self, db: &Db, rows: usize) -> Result<VerificationStep, CheckError> {
        let page = audit::scan(&mut *db.read().await?, self.walk.last().sequence, rows).await?;
        if page.is_empty() {
            return self.end(db).await;
        }
        for scanned in page {
            match scanned.stored() {
                Ok(stored) => self.walk.take_stored(stored.sequence, stored.form, stored.hash)?,
                Err(why) => return Err(self.walk.unreadable(scanned.sequence, why).into()),
            }
        }
        Ok(VerificationStep::More)
    }

    /// The table's note of the last event names the one that was walked last, or new ones that are there by now.
    async fn end(&self, db: &Db) -> Result<VerificationStep, CheckError> {
        let mut conn = db.read().await?;
        let last = self.walk.last();
        let Some(noted) = audit::head_link(&mut conn).await? else {
            return Err(at(last.sequence, Flaw::HeadRow).into());
        };
        if noted.sequence > last.sequence {
            let more = audit::scan(&mut conn, last.sequence, 1).await?;
            self.walk.end()?;
            return if more.is_empty() {
                Err(at(last.sequence + 1, Flaw::Missing).into())
            } else {
                Ok(VerificationStep::More)
            };
        }
        self.walk.end()?;
        if noted != *last {
            return Err(at(noted.sequence.min(last.sequence), Flaw::HeadRow).into());
        }
        Ok(VerificationStep::End)
    }

    #[must_use]
    pub const fn walk(&self) -> &Walk {
        &self.walk
    }

    /// The keys of the signed heads that it is held to.
    #[must_use]
    pub const fn head_keys(&self) -> &BTreeSet<String> {
        &self.head_keys
    }

    /// What was dropped before it, oldest first.
    #[must_use]
    pub fn segments(&self) -> &[SignedSegment] {
        &self.segments
    }
}

/// The ends of the segments, which follow on one another under keys that count.
fn ends(segments: &[SignedSegment], known: &TrustedHeads) -> Result<Vec<Head>, Broken> {
    let keys: Vec<PublicKey> = known.keys.iter().chain(&known.segment_keys).cloned().collect();
    let mut ends: Vec<Head> = Vec::with_capacity(segments.len());
    for signed in segments {
        let segment = &signed.segment;
        signed.check(&keys).map_err(|error| at(segment.first, error.into()))?;
        let dropped = ends.last().map_or(0, |end| end.sequence);
        if segment.first != dropped + 1 {
            return Err(at(dropped + 1, Flaw::Missing));
        }
        ends.push(Head { sequence: segment.last, hash: segment.last_hash.clone() });
    }
    Ok(ends)
}

/// Behind the last segment; or, where some of a segment's events are still to be dropped, before the first of these,
/// which then have to lead to the hash that was signed with the segment. Nothing stands before: a walk would pass it by,
/// while lists would show it.
async fn begin_walk(conn: &mut Conn, first: i64, ends: &[Head]) -> Result<Walk, CheckError> {
    if first < 1 {
        return Err(at(first, Flaw::OutOfOrder).into());
    }
    let Some(dropped) = ends.last() else { return Ok(Walk::default()) };
    let oldest = audit::scan(conn, first - 1, 1).await?.into_iter().next();
    let Some(oldest) = oldest.filter(|oldest| oldest.sequence <= dropped.sequence) else {
        return Ok(Walk::after(dropped.clone()));
    };
    let unreadable = |why: &str| at(oldest.sequence, Flaw::Unreadable(why.to_owned()));
    let form = oldest.stored().map_err(unreadable)?.form;
    let before = form_before(form).ok_or_else(|| unreadable("it does not say what was before it"))?;
    let mut walk = Walk::after(Head { sequence: oldest.sequence - 1, ..before });
    ends.iter().filter(|end| end.sequence >= oldest.sequence).try_for_each(|end| walk.require_head(end))?;
    Ok(walk)
}

/// Holds a walk to the signed heads of the database from where it begins. Gives their keys.
async fn expect_noted(
    conn: &mut Conn,
    walk: &mut Walk,
    known: &TrustedHeads,
) -> Result<BTreeSet<String>, CheckError> {
    let mut keys = BTreeSet::new();
    let mut after = walk.last().sequence - 1;
    loop {
        let page = audit::signed_heads(conn, after, HEADS).await?;
        let Some(last) = page.last() else { return Ok(keys) };
        after = last.head.sequence;
        for signed in &page {
            walk.require_signed_head(signed, &known.keys)?;
            keys.insert(signed.public_key.as_str().to_owned());
        }
    }
}

async fn read(db: &Db, after: i64, rows: usize) -> Result<StoredEvents, StoreError> {
    audit::stored_events(&mut *db.read().await?, after, rows).await
}

fn walk_over(mut walk: Walk, page: &StoredEvents) -> (Walk, Walked) {
    let whole = page.each(|stored| walk.take_stored(stored.sequence, stored.form, stored.hash).is_ok());
    (walk, if whole { Walked::Over } else { Walked::Doubtful })
}

const fn at(sequence: i64, flaw: Flaw) -> Broken {
    Broken { sequence, flaw }
}
