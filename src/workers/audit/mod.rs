//! Checks the chain in the background, signs its head, and publishes the signed heads outside the database.
//!
//! New events are checked as they come. The whole chain is checked after a start and once a day. Each tick checks a
//! bounded number of rows. Only a checked head is signed, so that a chain that somebody changed gets no signature.

mod archive;
mod facts;
mod heads_file;
mod publishing;
mod retention;
mod search_index;
mod signing_key;
mod verification;
mod whole;

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::sync::Mutex;

pub use facts::Facts;
pub use retention::Retention;
pub use signing_key::{SigningKeyError, open_key};
pub use verification::{Check, CheckError, TrustedHeads, VerificationStep};
pub use whole::{check_history, compare_with_tables};

use crate::{
    clock::Clock,
    domain::{
        audit::head::{Head, HeadKey, PublicKey},
        time::Timestamp,
    },
    file_thread::FileThread,
    store::{
        Db, StoreError,
        audit::{self, CheckState},
    },
};

use super::{Next, audit_webhook::Webhook};

/// The number of rows that one tick checks.
const ROWS: usize = 500;
/// The number of events that one tick compares with the tables.
const FACTS: i64 = 500;
/// The minimum pause between two ticks while there is more to check, so that checks do not slow other work down.
const REST: Duration = Duration::from_millis(20);
/// The pause is also at least this many times the duration of the tick.
const REST_OF_WORK: u32 = 5;
/// How often a head is signed, if there are new events.
const SIGN_EVERY: Duration = Duration::from_hours(1);
/// How often the whole chain is checked.
const WHOLE_EVERY: Duration = Duration::from_hours(24);
/// How often a good result is written. A bad result is written at once.
const NOTE_EVERY: Duration = Duration::from_mins(1);
/// The log target of signed heads, so that they can be logged even where the log level hides other messages.
pub const HEADS: &str = "unstale::heads";

/// What the audit worker signs with, and where it publishes it.
#[derive(Debug, Clone)]
pub struct AuditSettings {
    pub key: HeadKey,
    /// Keys that were used before `key`. Segments that were dropped under them are trusted.
    pub earlier_keys: Vec<PublicKey>,
    /// The file to which each signed head is added as a line.
    pub heads: Option<PathBuf>,
    /// The webhook that gets each signed head.
    pub webhook: Option<Webhook>,
    /// If `None`, events are kept for ever.
    pub retention: Option<Retention>,
}

impl AuditSettings {
    /// Settings with this key that publish nothing and keep all events.
    #[must_use]
    pub const fn with(key: HeadKey) -> Self {
        Self { key, earlier_keys: Vec::new(), heads: None, webhook: None, retention: None }
    }

    /// The trusted keys. Anybody who can write to the database can add heads and segments under other keys.
    #[must_use]
    pub fn keys(&self) -> Vec<PublicKey> {
        std::iter::once(self.key.public()).chain(self.earlier_keys.iter().cloned()).collect()
    }
}

/// The worker that checks the chain and signs its head.
#[derive(Debug, Clone)]
pub struct AuditWorker {
    db: Db,
    clock: Clock,
    audit_settings: AuditSettings,
    files: FileThread,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// The check of new events. `None` before the first tick, and while the chain is broken.
    newest: Option<Check>,
    /// The check of the whole chain, while it is in progress.
    whole: Option<Check>,
    /// The comparison of the tables with the events, which follows the check of the whole chain. The head is the
    /// last event of that check.
    facts: Option<(Facts, Head)>,
    checked: CheckState,
    begun: bool,
    noted_at: Option<Timestamp>,
    /// Whether there is a result that has not been written yet.
    unnoted: bool,
    /// When this process last checked the whole chain. The time in the database is only shown, never trusted.
    walked_at: Option<Timestamp>,
    /// Whether this process found the whole chain intact and nothing broken since. Without its own check, it would
    /// sign what the database says about itself.
    sound: bool,
    /// When the file of signed heads is tried again after a failure.
    tell_at: Option<Timestamp>,
    /// The last event whose signed head is in the file. `None` before the file was read.
    told: Option<i64>,
    /// The export in progress.
    leaving: Option<retention::Leaving>,
    /// When retention last searched for segments that are old enough.
    looked_at: Option<Timestamp>,
}

impl AuditWorker {
    #[must_use]
    pub fn new(db: Db, clock: Clock, audit_settings: AuditSettings) -> Self {
        Self { db, clock, audit_settings, files: FileThread::default(), state: Arc::default() }
    }

    /// Checks new events, or a part of the whole chain. Signs and publishes if that is due.
    pub async fn tick(&self) -> Result<Next, StoreError> {
        let mut state = self.state.lock().await;
        let began = self.clock.now();
        if !state.begun {
            state.checked = audit::check_state(&mut *self.db.read().await?).await?;
            self.forget_what_is_not_told(&state).await?;
            state.begun = true;
        }
        if state.unnoted && state.checked.broken_at.is_some() {
            // The result could not be written when it was found.
            self.note(&mut state, true).await?;
        }
        if state.newest.is_none() && state.checked.broken_at.is_none() {
            state.newest = Some(self.begin().await?);
        }
        let newest = self.check_newest(&mut state).await?;
        let whole = self.check_whole(&mut state).await?;
        if newest == Some(VerificationStep::End) {
            self.sign(&mut state).await?;
        }
        self.tell(&mut state).await?;
        let now = self.clock.now();
        let more = newest == Some(VerificationStep::More) || whole == Some(VerificationStep::More);
        // Events must not be dropped while a check of the whole chain reads them.
        let more =
            if whole == Some(VerificationStep::More) { more } else { self.retain(&mut state).await? || more };
        let rest = REST.max(now.since(began) * REST_OF_WORK);
        Ok(if more { Next::At(now.plus(rest)) } else { Next::Idle })
    }

    /// Begins after the last head that this key signed. If there is none, at the first event.
    async fn begin(&self) -> Result<Check, StoreError> {
        let signed = audit::last_signed_head(&mut *self.db.read().await?).await?;
        let trusted = signed.filter(|signed| signed.check(&[self.audit_settings.key.public()]).is_ok());
        match trusted {
            Some(signed) => Ok(Check::after(signed.head)),
            None => match Check::begin(&self.db, &self.known().await).await {
                Ok(check) => Ok(check),
                Err(CheckError::Store(error)) => Err(error),
                // The chain is broken. The check of the whole chain finds this too, and reports it.
                Err(_) => {
                    let head = audit::head_link(&mut *self.db.read().await?).await?;
                    Ok(head.map_or_else(Check::of_all, Check::after))
                }
            },
        }
    }

    async fn check_newest(&self, state: &mut State) -> Result<Option<VerificationStep>, StoreError> {
        let Some(check) = &mut state.newest else { return Ok(None) };
        let step = check.step(&self.db, ROWS).await;
        let reached = check.walk().last().sequence;
        match step {
            Ok(step) => {
                let new = reached != state.checked.sequence || state.unnoted || state.noted_at.is_none();
                if step == VerificationStep::End && new && state.checked.broken_at.is_none() {
                    state.checked.sequence = reached;
                    self.note(state, false).await?;
                }
                Ok(Some(step))
            }
            // The database could not be read, so the check continues from its position.
            Err(CheckError::Store(error)) => Err(error),
            Err(error) => {
                state.newest = None;
                self.broken(state, error).await?;
                Ok(None)
            }
        }
    }

    /// What the chain has to agree with besides the signed heads in the database. Those count under any key: a head
    /// can only show that the chain is broken.
    async fn known(&self) -> TrustedHeads {
        let signed = self.told_heads().await;
        TrustedHeads { segment_keys: self.audit_settings.keys(), signed, ..TrustedHeads::default() }
    }

    /// Checks the next part of the whole chain if that is due, and whether the search index has its events.
    async fn check_whole(&self, state: &mut State) -> Result<Option<VerificationStep>, StoreError> {
        let now = self.clock.now();
        if state.facts.is_some() {
            return self.check_facts(state).await;
        }
        if state.whole.is_none() {
            if state.walked_at.is_some_and(|at| !is_past(at, WHOLE_EVERY, now)) {
                return Ok(None);
            }
            match Check::begin(&self.db, &self.known().await).await {
                Ok(check) => state.whole = Some(check),
                Err(CheckError::Store(error)) => return Err(error),
                Err(error) => return self.whole_broken(state, error).await,
            }
        }
        let Some(check) = &mut state.whole else { return Ok(None) };
        let before = check.walk().last().sequence;
        match check.step(&self.db, ROWS).await {
            Ok(VerificationStep::More) => {
                let reached = check.walk().last().sequence;
                self.look_at_index(before, reached).await?;
                Ok(Some(VerificationStep::More))
            }
            Ok(VerificationStep::End) => {
                let last = check.walk().last().clone();
                let facts = Facts::begin(&self.db, last.sequence).await?;
                state.whole = None;
                state.facts = Some((facts, last));
                self.check_facts(state).await
            }
            Err(CheckError::Store(error)) => Err(error),
            Err(error) => self.whole_broken(state, error).await,
        }
    }

    /// Compares the next part of the tables with the events that state their contents.
    async fn check_facts(&self, state: &mut State) -> Result<Option<VerificationStep>, StoreError> {
        let Some((facts, last)) = &mut state.facts else { return Ok(None) };
        let mut step = facts.step(&self.db, FACTS, self.clock.now()).await;
        // Only the last step remains, and it is short, so it does not wait for another tick.
        if matches!(step, Ok(VerificationStep::More)) && facts.is_through() {
            step = facts.step(&self.db, FACTS, self.clock.now()).await;
        }
        match step {
            Ok(VerificationStep::More) => Ok(Some(VerificationStep::More)),
            Ok(VerificationStep::End) => {
                let last = last.clone();
                state.facts = None;
                self.whole_intact(state, last).await?;
                Ok(Some(VerificationStep::End))
            }
            Err(CheckError::Store(error)) => Err(error),
            Err(error) => {
                state.facts = None;
                self.whole_broken(state, error).await
            }
        }
    }

    async fn whole_intact(&self, state: &mut State, last: Head) -> Result<(), StoreError> {
        state.checked.sequence = last.sequence;
        state.walked_at = Some(self.clock.now());
        state.sound = true;
        state.checked.whole_at = state.walked_at;
        state.checked.broken_at = None;
        state.checked.problem.clear();
        if state.newest.is_none() {
            state.newest = Some(Check::after(last));
        }
        self.note(state, true).await
    }

    async fn whole_broken(
        &self,
        state: &mut State,
        error: CheckError,
    ) -> Result<Option<VerificationStep>, StoreError> {
        state.whole = None;
        state.newest = None;
        // The whole chain is checked again after `WHOLE_EVERY`, or after a restart.
        state.walked_at = Some(self.clock.now());
        self.broken(state, error).await?;
        Ok(None)
    }

    async fn broken(&self, state: &mut State, error: CheckError) -> Result<(), StoreError> {
        match error {
            CheckError::Store(error) => Err(error),
            CheckError::Ended(error) => {
                tracing::error!(%error, "a check of the history ended before its end");
                Ok(())
            }
            CheckError::Broken(broken) => {
                tracing::error!(event = broken.sequence, flaw = %broken.flaw, "the history is broken");
                state.sound = false;
                state.checked.broken_at = Some(broken.sequence);
                state.checked.problem = broken.flaw.to_string();
                self.note(state, true).await
            }
        }
    }

    /// Writes the state of the checks for the page. Without `at_once` it writes only how far new events were
    /// checked, at most once in `NOTE_EVERY`.
    async fn note(&self, state: &mut State, at_once: bool) -> Result<(), StoreError> {
        let now = self.clock.now();
        state.checked.at = Some(now);
        state.unnoted = true;
        let recent = state.noted_at.is_some_and(|at| !is_past(at, NOTE_EVERY, now));
        if recent && !at_once {
            return Ok(());
        }
        let mut tx = self.db.begin().await?;
        if at_once {
            audit::set_check_state(&mut tx, &state.checked).await?;
        } else {
            audit::set_checked(&mut tx, state.checked.sequence, now).await?;
        }
        tx.commit().await?;
        state.noted_at = Some(now);
        state.unnoted = false;
        Ok(())
    }

    /// Signs the checked head if it is due and there are new events.
    async fn sign(&self, state: &mut State) -> Result<(), StoreError> {
        let Some(head) = state.newest.as_ref().map(|check| check.walk().last().clone()) else {
            return Ok(());
        };
        if !state.sound || head.sequence == 0 {
            return Ok(());
        }
        let now = self.clock.now();
        let last = audit::last_signed_head(&mut *self.db.read().await?).await?;
        let due =
            last.is_none_or(|last| head.sequence > last.head.sequence && is_past(last.at, SIGN_EVERY, now));
        // Another replica may have found a flaw in a part that this one has not checked yet.
        if !due || audit::check_state(&mut *self.db.read().await?).await?.broken_at.is_some() {
            return Ok(());
        }
        let signed = self.audit_settings.key.sign(head, now);
        let mut tx = self.db.begin().await?;
        let new = audit::insert_signed_head(&mut tx, &signed).await?;
        tx.commit().await?;
        if new {
            tracing::info!(target: HEADS, head = %signed.line(), "the history's head was signed");
        }
        Ok(())
    }
}

/// Whether `every` has passed since `at`. A time in the future is from before the clock was put back, and has
/// passed.
fn is_past(at: Timestamp, every: Duration, now: Timestamp) -> bool {
    at > now || now.since(at) >= every
}
