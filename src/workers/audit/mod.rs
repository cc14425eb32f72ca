//! Checks the chain in the background, signs its head, and publishes the signed heads outside the database.
//!
//! New events are checked as they come, and the whole chain after a start and once a day, a bounded number of rows a
//! tick. Only what was checked is signed: a chain that was tampered with gets no signature that says otherwise.

mod archive;
mod facts;
mod heads_file;
mod publishing;
mod retention;
mod search_index;
mod signing_key;
mod verification;

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::sync::Mutex;

pub use facts::Facts;
pub use retention::Retention;
pub use signing_key::{SigningKeyError, open_key};
pub use verification::{Check, CheckError, TrustedHeads, VerificationStep};

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
/// The rest between two ticks while there is more to check, so that nobody waits for the checking: so long at least, and
/// so many times what the tick took.
const REST: Duration = Duration::from_millis(20);
const REST_OF_WORK: u32 = 5;
/// How often a head is signed, if there are new events.
const SIGN_EVERY: Duration = Duration::from_hours(1);
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
    /// The walk behind the newest events; `None` before the first tick, and while the chain is broken.
    newest: Option<Check>,
    whole: Option<Check>,
    /// What the tables hold is looked at once the whole chain was; with the last event that was found intact.
    facts: Option<(Facts, Head)>,
    checked: CheckState,
    begun: bool,
    noted_at: Option<Timestamp>,
    /// Whether there is a result that has not been written yet.
    unnoted: bool,
    /// When this process last walked over the whole chain. What the database says of it is shown, and never trusted.
    walked_at: Option<Timestamp>,
    /// The whole chain was found intact by this process, and nothing after it was found broken: what else would be
    /// signed is what the database says of itself.
    sound: bool,
    tell_at: Option<Timestamp>,
    /// The last head that the file has; `None` before it was read.
    told: Option<i64>,
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
            // It could not be written when it was found.
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
        // A walk over the whole chain must not lose the ground under it.
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
                // The whole check finds it too, and says so.
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

    /// What the chain is held to beside the heads in the database, among which those of any key count: they can only say
    /// that it is broken.
    async fn known(&self) -> TrustedHeads {
        let signed = self.told_heads().await;
        TrustedHeads { segment_keys: self.audit_settings.keys(), signed, ..TrustedHeads::default() }
    }

    /// A piece of the whole chain, if that is due, and of what the search finds of it.
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

    /// A piece of what the tables hold, beside the events that state it.
    async fn check_facts(&self, state: &mut State) -> Result<Option<VerificationStep>, StoreError> {
        let Some((facts, last)) = &mut state.facts else { return Ok(None) };
        let mut step = facts.step(&self.db, FACTS, self.clock.now()).await;
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
        // Looked at again tomorrow, or after a restart.
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

    /// Writes the state of the checks for the page.
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
        // Another replica may have found what this one has not come to.
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

/// Is it so long ago? What lies ahead was noted before the clock was put back, and counts as long ago.
fn is_past(at: Timestamp, every: Duration, now: Timestamp) -> bool {
    at > now || now.since(at) >= every
}
