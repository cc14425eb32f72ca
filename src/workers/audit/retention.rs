//! Retention: exports and signs whole segments of old events, and then drops their events.
//!
//! A segment ends at a signed head, so that the remaining events can be verified from there on. The export verifies
//! each event, so that an event that somebody changed is not dropped.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use sha2::{Digest, Sha256};

use crate::{
    domain::{
        actor::Acting,
        audit::{
            Action, Event, GENESIS, Target, export,
            head::{Head, SignedHead},
            segment::{DAYS_MIN, Segment},
            verify::Walk,
        },
        secret::hex,
        time::Timestamp,
    },
    store::{StoreError, audit, insights},
};

use super::{
    super::indexer,
    AuditWorker, CheckError, State,
    archive::{self, PartialFile},
    is_past,
};

/// The number of events that one tick exports or drops.
const ROWS: usize = 2_000;
/// The minimum number of events in a segment, so that a year has few files.
const SEGMENT_MIN: i64 = 1_000;
/// How often retention searches for events that are old enough.
const LOOK_EVERY: Duration = Duration::from_hours(24);

/// How long events are kept, and where they are exported.
#[derive(Debug, Clone)]
pub struct Retention {
    pub days: u32,
    pub folder: PathBuf,
}

/// An export in progress.
#[derive(Debug)]
pub(super) struct Leaving {
    head: SignedHead,
    first: i64,
    walk: Walk,
    hash: Sha256,
    file: PartialFile,
}

impl AuditWorker {
    /// Continues to drop and export events. `true` if there is more to do at once.
    pub(super) async fn retain(&self, state: &mut State) -> Result<bool, StoreError> {
        let Some(retention) = &self.audit_settings.retention else { return Ok(false) };
        // Nothing is dropped from a broken chain, because somebody has to look at the database as it is.
        if state.checked.broken_at.is_some() {
            return Ok(false);
        }
        if let Some(leaving) = state.leaving.take() {
            return self.export_more(state, retention, leaving).await;
        }
        if self.drop_more().await? {
            return Ok(true);
        }
        let now = self.clock.now();
        if state.looked_at.is_some_and(|at| !is_past(at, LOOK_EVERY, now)) {
            return Ok(false);
        }
        state.looked_at = Some(now);
        let Some((head, behind)) = self.old_enough(retention, now).await? else { return Ok(false) };
        match self.begin_export(retention, head, behind).await {
            Ok(leaving) => state.leaving = Some(leaving),
            Err(error) => not_written(&retention.folder, &error),
        }
        Ok(state.leaving.is_some())
    }

    /// The newest signed head whose events are all old enough, and the last event before its segment. `None` if the
    /// segment would have fewer than `SEGMENT_MIN` events.
    async fn old_enough(
        &self,
        retention: &Retention,
        now: Timestamp,
    ) -> Result<Option<(SignedHead, Head)>, StoreError> {
        let age = Duration::from_hours(24 * u64::from(retention.days.max(DAYS_MIN)));
        let dropped = self.dropped_upto().await?;
        let mut conn = self.db.read().await?;
        let keys = self.audit_settings.keys();
        let (mut head, mut after, mut old) = (None, dropped.sequence, true);
        while old {
            let page = audit::signed_heads(&mut conn, after, ROWS).await?;
            let Some(last) = page.last() else { break };
            after = last.head.sequence;
            old = now.since(last.at) >= age;
            let good = page
                .into_iter()
                .take_while(|signed| now.since(signed.at) >= age)
                .filter(|signed| signed.check(&keys).is_ok());
            head = good.last().or(head);
        }
        Ok(head
            .filter(|signed| signed.head.sequence >= dropped.sequence + SEGMENT_MIN)
            .map(|signed| (signed, dropped)))
    }

    /// The last event of the newest segment that is signed with a trusted key.
    async fn dropped_upto(&self) -> Result<Head, StoreError> {
        let keys = self.audit_settings.keys();
        let segments = audit::segments(&mut *self.db.read().await?).await?;
        let last = segments.into_iter().rev().find(|signed| signed.check(&keys).is_ok());
        Ok(last.map_or(Head { sequence: 0, hash: GENESIS.to_owned() }, |signed| Head {
            sequence: signed.segment.last,
            hash: signed.segment.last_hash,
        }))
    }

    async fn begin_export(
        &self,
        retention: &Retention,
        head: SignedHead,
        behind: Head,
    ) -> io::Result<Leaving> {
        let first = behind.sequence + 1;
        let mut walk = Walk::after(behind);
        walk.require_head(&head.head).map_err(io::Error::other)?;
        let folder = retention.folder.clone();
        let file = self.files.run(move || PartialFile::create(&folder, LOOK_EVERY)).await?;
        Ok(Leaving { head, first, walk, hash: Sha256::new(), file })
    }

    async fn export_more(
        &self,
        state: &mut State,
        retention: &Retention,
        mut leaving: Leaving,
    ) -> Result<bool, StoreError> {
        let page = audit::scan(&mut *self.db.read().await?, leaving.walk.last().sequence, ROWS).await?;
        let upto = leaving.head.head.sequence;
        let mut lines = String::new();
        for scanned in page.iter().take_while(|scanned| scanned.sequence <= upto) {
            let taken = match scanned.stored() {
                Ok(stored) => {
                    let taken = leaving.walk.take_stored(stored.sequence, stored.form, stored.hash);
                    taken.map(|()| stored)
                }
                Err(why) => Err(leaving.walk.unreadable(scanned.sequence, why)),
            };
            match taken {
                Ok(stored) => {
                    export::line(&mut lines, stored.form, stored.hash);
                    lines.push('\n');
                }
                // Another replica has dropped this segment already.
                Err(_) if self.dropped_upto().await?.sequence >= leaving.first => return Ok(false),
                Err(broken) => return self.broken(state, CheckError::Broken(broken)).await.map(|()| false),
            }
        }
        leaving.hash.update(lines.as_bytes());
        let file = leaving.file.clone();
        if let Err(error) = self.files.run(move || file.append(&lines)).await {
            not_written(&retention.folder, &error);
            return Ok(false);
        }
        if leaving.walk.last().sequence < upto && !page.is_empty() {
            state.leaving = Some(leaving);
            return Ok(true);
        }
        match self.finish_export(&retention.folder, leaving).await {
            Ok(segment) => self.keep(segment).await.map(|()| true),
            Err(error) => {
                not_written(&retention.folder, &error);
                Ok(false)
            }
        }
    }

    /// Gives the file its final name after all of it is on disk.
    async fn finish_export(&self, folder: &Path, leaving: Leaving) -> io::Result<Segment> {
        let Leaving { head, first, walk, hash, file } = leaving;
        let Head { sequence: last, hash: last_hash } = walk.last().clone();
        if last != head.head.sequence {
            return Err(io::Error::other(format!("the events end at {last}, before the signed head")));
        }
        let name = archive::name(first, last);
        let (folder, its_name) = (folder.to_owned(), name.clone());
        self.files.run(move || file.finish(&folder, &its_name)).await?;
        let file_sha256 = hex(&hash.finalize());
        Ok(Segment { first, last, last_hash, file: name, file_sha256, at: head.at })
    }

    /// Stores the signed segment. Its file is complete on disk, so its events may be dropped from now on.
    async fn keep(&self, segment: Segment) -> Result<(), StoreError> {
        let now = self.clock.now();
        let mut event = Event::new(now, &Acting::service(), Action::SegmentDropped);
        event.target = Target::Segment(segment.file.clone());
        event.note = format!(
            "events {} to {} are in {} with SHA-256 {}",
            segment.first, segment.last, segment.file, segment.file_sha256
        );
        let signed = Segment { at: now, ..segment }.sign(&self.audit_settings.key);
        let mut tx = self.db.begin().await?;
        if !audit::insert_segment(&mut tx, &signed).await? {
            tracing::info!(file = signed.segment.file, "another replica exported these events first");
            return Ok(());
        }
        audit::append(&mut tx, event);
        tx.commit().await
    }

    /// Drops the next events of exported segments, once they are in the sums of the insights. `true` if it dropped any.
    async fn drop_more(&self) -> Result<bool, StoreError> {
        let last = self.dropped_upto().await?.sequence;
        let mut conn = self.db.read().await?;
        let last = last.min(insights::counted(&mut conn).await?);
        let first = audit::first_sequence(&mut conn).await?;
        if first > last {
            return Ok(false);
        }
        let mut events = audit::after(&mut conn, first - 1, ROWS).await?;
        events.retain(|chained| chained.sequence <= last);
        // The entries may cover only the first of these events. The next call drops the others.
        let entries = indexer::entries(&mut conn, &events).await?;
        drop(conn);
        let Some(last) = entries.last().map(|entry| entry.sequence) else { return Ok(false) };
        let mut tx = self.db.begin().await?;
        let dropped = audit::drop_segment_events(&mut tx, first, last, &entries).await?;
        tx.commit().await?;
        Ok(dropped > 0)
    }
}

fn not_written(folder: &Path, error: &io::Error) {
    tracing::warn!(
        folder = %folder.display(), %error,
        "old events could not be exported; nothing was dropped, and it is tried again tomorrow"
    );
}
