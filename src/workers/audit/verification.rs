//! Walks the chain in the database in bounded steps. The command line runs all steps at once, the audit worker one
//! a tick.

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

/// The number of pages that are read while one is walked. The database needs longer to make the text of a page than
/// Unstale needs to walk it.
const PAGES_AHEAD: usize = 2;
/// The number of signed heads that one query reads.
const HEADS: usize = 1_000;

/// Heads that are known from outside the database, and the keys that are trusted.
#[derive(Debug, Clone, Default)]
pub struct TrustedHeads {
    /// The keys of signed heads. If empty, each head is checked with the key that it names itself.
    pub keys: Vec<PublicKey>,
    /// Keys of exported segments, in addition to `keys`.
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
    /// All stored events were walked, and the stored head is the last of them.
    End,
}

/// A check in progress.
#[derive(Debug)]
pub struct Check {
    walk: Walk,
    known: TrustedHeads,
    /// The exported segments. Their events are dropped, or will be.
    segments: Vec<SignedSegment>,
    /// The keys of the signed heads that the chain has to agree with.
    head_keys: BTreeSet<String>,
    /// The first event that was stored when the check began.
    first: i64,
    /// The next pages, which are read while one is walked.
    ahead: VecDeque<JoinHandle<Result<StoredEvents, StoreError>>>,
}

/// How a walk over a page ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Walked {
    Over,
    /// Some row does not follow on the one before. A walk row by row finds out which, and why.
    Doubtful,
}

impl Check {
    /// Starts at the first stored event. The chain has to agree with all signed heads.
    pub async fn begin(db: &Db, known: &TrustedHeads) -> Result<Self, CheckError> {
        let mut conn = db.read().await?;
        // This is read before the segments, so that the first step notices events that are dropped in between.
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

    /// Starts at the first event that was ever written.
    #[must_use]
    pub fn of_all() -> Self {
        Self { walk: Walk::default(), ..Self::after(Head { sequence: 0, hash: String::new() }) }
    }

    /// Starts after a trusted head.
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

    /// Walks up to `rows` events, and reads the next ones in the meantime.
    ///
    /// Another process may drop old events during the check: the service beside this command, or a replica. Those
    /// were exported and signed, so the check starts again after them.
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

    /// Whether events were dropped that were stored when this check began.
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
            // The pages read ahead begin where a full page would end, and this one is not full.
            self.ahead.clear();
        }
        let page = match page {
            Ok(page) if page.len > 0 => page,
            Err(error) if error.is_passing() => return Err(error.into()),
            // The page is empty, or a row cannot be read. The walk row by row finds the end or the flaw.
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

    /// Starts to read the pages that follow a full page. An error in them is handled when they are walked.
    fn read_ahead(&mut self, db: &Db, mut after: i64, rows: usize) {
        for page in 0..PAGES_AHEAD {
            if page == self.ahead.len() {
                let db = db.clone();
                self.ahead.push_back(tokio::spawn(async move { read(&db, after, rows).await }));
            }
            after = after.saturating_add(i64::try_from(rows).unwrap_or(i64::MAX));
        }
    }

    /// Continues the walk with each row on its own. This is slower, but it finds the exact flaw and the end of the
    /// chain.
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

    /// Compares the stored head with the last event that was walked. `More` if the stored head is newer, because
    /// events were added.
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

    /// The keys of the signed heads that the chain has to agree with.
    #[must_use]
    pub const fn head_keys(&self) -> &BTreeSet<String> {
        &self.head_keys
    }

    /// The exported segments, oldest first.
    #[must_use]
    pub fn segments(&self) -> &[SignedSegment] {
        &self.segments
    }
}

/// The last events of the segments. `Err` if there is a gap between two segments, or if one is not signed with a
/// trusted key.
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

/// The start of the walk: after the last segment. If some events of a segment are still to be dropped, the walk
/// starts before the first of these, and has to lead to the hash that was signed with the segment.
///
/// An event with a number below 1 is an error: a walk would not see it, but lists would show it.
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

/// Requires the walk to agree with the signed heads of the database, from its start on. Returns their keys.
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
