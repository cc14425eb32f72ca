//! Walks the chain in the database in bounded steps: for the command line in one go, for the sealer a little at a time.

use std::collections::VecDeque;

use tokio::task::JoinHandle;

use crate::{
    domain::audit::{
        head::{Head, PublicKey, SignedHead},
        verify::{Broken, Flaw, Walk},
    },
    store::{
        Db, StoreError,
        audit::{self, Sheet},
    },
};

/// So many pages are read while one is walked: making their text costs the database more than walking them costs us.
const PAGES_AHEAD: usize = 2;
/// Signed heads are read so many at once.
const HEADS: usize = 1_000;

/// What is known from elsewhere, and whose signatures count.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Where none is named, each head is held to the key that it names itself.
    pub keys: Vec<PublicKey>,
    pub heads: Vec<Head>,
    pub signed: Vec<SignedHead>,
}

/// Why a check ended before its end.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    #[error("{0}")]
    Broken(#[from] Broken),
    #[error("the history could not be checked: {0}")]
    Store(#[from] StoreError),
    #[error("the history could not be checked: {0}")]
    Ended(#[from] tokio::task::JoinError),
}

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    More,
    /// All events there are were walked, and the note of the last one agrees.
    End,
}

/// A check under way.
#[derive(Debug)]
pub struct Check {
    walk: Walk,
    known: Known,
    /// It began behind this event: what is before was dropped, or is trusted.
    behind: i64,
    /// The next pages, which are read while one is walked.
    ahead: VecDeque<JoinHandle<Result<Sheet, StoreError>>>,
}

/// How a walk over a page ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Walked {
    Over,
    /// Something is not as it was written; row by row it shows what.
    Doubtful,
}

impl Check {
    /// From the first event on that was not dropped, held to all signed heads.
    pub async fn begin(db: &Db, known: &Known) -> Result<Self, CheckError> {
        let mut conn = db.read().await?;
        let mut walk = Walk::default();
        let mut dropped = 0;
        for signed in audit::segments(&mut conn).await? {
            let segment = &signed.segment;
            signed.check(&known.keys).map_err(|error| at(segment.first, error.into()))?;
            if segment.first != dropped + 1 {
                return Err(at(dropped + 1, Flaw::Missing).into());
            }
            dropped = segment.last;
            walk = Walk::after(Head { sequence: segment.last, hash: segment.last_hash.clone() });
        }
        let mut after = dropped - 1;
        loop {
            let page = audit::signed_heads(&mut conn, after, HEADS).await?;
            let Some(last) = page.last() else { break };
            after = last.head.sequence;
            for signed in &page {
                walk.expect_signed(signed, &known.keys)?;
            }
        }
        for signed in &known.signed {
            walk.expect_signed(signed, &known.keys)?;
        }
        for head in &known.heads {
            walk.expect(head)?;
        }
        Ok(Self { walk, known: known.clone(), behind: dropped, ahead: VecDeque::new() })
    }

    /// From behind a head that is trusted.
    #[must_use]
    pub fn after(head: Head) -> Self {
        let behind = head.sequence;
        Self { walk: Walk::after(head), known: Known::default(), behind, ahead: VecDeque::new() }
    }

    /// Walks up to `rows` events, and reads the next ones meanwhile.
    ///
    /// Old events may be dropped in the middle of it, by a service beside this command or by another replica. What is
    /// missing then was exported and signed, so that the walk begins anew behind it.
    pub async fn step(&mut self, db: &Db, rows: usize) -> Result<Step, CheckError> {
        match self.walk_on(db, rows).await {
            Err(CheckError::Broken(broken)) if self.ground_was_dropped(db).await? => {
                tracing::debug!(
                    event = broken.sequence,
                    "old events were dropped meanwhile; the check begins anew"
                );
                *self = Self::begin(db, &self.known).await?;
                Ok(Step::More)
            }
            other => other,
        }
    }

    /// Does a segment go further by now than where this walk began?
    async fn ground_was_dropped(&self, db: &Db) -> Result<bool, StoreError> {
        let segments = audit::segments(&mut *db.read().await?).await?;
        Ok(segments.last().is_some_and(|signed| signed.segment.last > self.behind))
    }

    async fn walk_on(&mut self, db: &Db, rows: usize) -> Result<Step, CheckError> {
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
            Walked::Over => Ok(Step::More),
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
    async fn walk_row_by_row(&mut self, db: &Db, rows: usize) -> Result<Step, CheckError> {
        let page = audit::scan(&mut *db.read().await?, self.walk.last().sequence, rows).await?;
        if page.is_empty() {
            return self.end(db).await;
        }
        let mut form = String::new();
        for scanned in page {
            match &scanned.event {
                Ok(chained) => self.walk.take(chained, &mut form)?,
                Err(why) => return Err(self.walk.unreadable(scanned.sequence, why).into()),
            }
        }
        Ok(Step::More)
    }

    /// The table's note of the last event names the one that was walked last, or new ones that are there by now.
    async fn end(&self, db: &Db) -> Result<Step, CheckError> {
        let mut conn = db.read().await?;
        let noted = audit::head_link(&mut conn).await?;
        let last = self.walk.last();
        if noted.sequence > last.sequence {
            let more = audit::scan(&mut conn, last.sequence, 1).await?;
            self.walk.end()?;
            return if more.is_empty() {
                Err(at(last.sequence + 1, Flaw::Missing).into())
            } else {
                Ok(Step::More)
            };
        }
        self.walk.end()?;
        if noted != *last {
            return Err(at(noted.sequence.min(last.sequence), Flaw::HeadRow).into());
        }
        Ok(Step::End)
    }

    #[must_use]
    pub const fn walk(&self) -> &Walk {
        &self.walk
    }
}

async fn read(db: &Db, after: i64, rows: usize) -> Result<Sheet, StoreError> {
    audit::sheet(&mut *db.read().await?, after, rows).await
}

fn walk_over(mut walk: Walk, page: &Sheet) -> (Walk, Walked) {
    let mut form = String::new();
    let whole = page.forms(|fields, hash| walk.take_fields(fields, hash, &mut form).is_ok());
    (walk, if whole { Walked::Over } else { Walked::Doubtful })
}

const fn at(sequence: i64, flaw: Flaw) -> Broken {
    Broken { sequence, flaw }
}
