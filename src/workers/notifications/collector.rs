//! Reads new events of the history, and adds a notice for each channel that a rule names for it.
//!
//! The history is written with the act in one transaction, and the notices are added in one transaction with the last event
//! that was looked at. So none is lost and none is added twice, and no command waits for this.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::sync::Mutex;

use crate::{
    clock::Clock,
    domain::{
        audit::Chained,
        id::{ChannelId, DistributionId, MessageId},
        notifications::{Channel, NoticeDistribution, NoticeSubject},
        time::Timestamp,
    },
    store::{
        Conn, Db, StoreError, audit, distributions,
        notifications::{self, channels, messages, messages::NewNotice},
    },
};

use super::{super::Next, conditions, notices};

/// The number of events that one tick looks at.
const EVENTS: usize = 200;
/// How often budgets, accounts and the check of the history are looked at.
const CONDITIONS_EVERY: Duration = Duration::from_secs(30);
/// How often messages that ended long ago are deleted, and how many at once.
const TIDY_EVERY: Duration = Duration::from_hours(1);
const TIDIED: usize = 500;
/// After so many events without a notice, the progress is stored.
const STORED_AFTER: i64 = 1_000;

/// The worker that adds notices.
#[derive(Debug, Clone)]
pub struct NotificationCollector {
    db: Db,
    clock: Clock,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// The stored progress, and the last event that was looked at since and that nobody is told of.
    position: Option<(i64, i64)>,
    conditions_looked: Option<Timestamp>,
    last_tidied: Option<Timestamp>,
}

/// What happened, before it is known which channels are told.
#[derive(Debug)]
pub(super) struct Happening {
    pub subject: NoticeSubject,
    pub notice: NewNotice,
}

impl NotificationCollector {
    #[must_use]
    pub fn new(db: Db, clock: Clock) -> Self {
        Self { db, clock, state: Arc::default() }
    }

    /// Looks at the next events, and at what no event tells.
    pub async fn tick(&self) -> Result<Next, StoreError> {
        let mut state = self.state.lock().await;
        let now = self.clock.now();
        self.tidy(&mut state, now).await?;
        let mut conn = self.db.read().await?;
        let channels: Vec<Channel> = channels::list(&mut conn).await?;
        if channels.is_empty() {
            state.position = None;
            return Ok(Next::Idle);
        }
        let stored = notifications::progress(&mut conn).await?;
        let from = state.position.filter(|(of, _)| *of == stored).map_or(stored, |(_, last)| last);
        let events = audit::after(&mut conn, from, EVENTS).await?;
        let last = events.last().map_or(from, |chained| chained.sequence);
        let mut happenings = happenings(&mut conn, &events).await?;
        let looks = state.conditions_looked.is_none_or(|at| now.since(at) >= CONDITIONS_EVERY || at > now);
        if looks {
            happenings.extend(conditions::happenings(&mut conn, &channels, now).await?);
        }
        drop(conn);
        let new = told(&channels, &happenings);
        if !new.is_empty() || last - stored >= STORED_AFTER {
            if !self.store(stored, last, &new, now).await? {
                // Another replica looked at them.
                state.position = None;
                return Ok(Next::Again);
            }
            state.position = Some((last, last));
        } else {
            state.position = Some((stored, last));
        }
        if looks {
            state.conditions_looked = Some(now);
        }
        Ok(if events.len() == EVENTS { Next::Again } else { Next::Idle })
    }

    /// Adds the notices and stores how far the history was looked at. `false` if another process did that meanwhile.
    async fn store(
        &self,
        stored: i64,
        last: i64,
        new: &[(ChannelId, &NewNotice)],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        if !notifications::advance(&mut tx, stored, last).await? {
            return Ok(false);
        }
        for (channel, notice) in new {
            // The channel may have been removed since.
            if channels::find(&mut tx, channel).await?.is_some() {
                messages::add(&mut tx, channel, notice, &MessageId::new(uuid::Uuid::now_v7()), now).await?;
            }
        }
        tx.commit().await?;
        Ok(true)
    }

    async fn tidy(&self, state: &mut State, now: Timestamp) -> Result<(), StoreError> {
        if state.last_tidied.is_some_and(|at| at <= now && now.since(at) < TIDY_EVERY) {
            return Ok(());
        }
        let mut tx = self.db.begin().await?;
        let deleted = notifications::delete_expired(&mut tx, now, TIDIED).await?;
        tx.commit().await?;
        if deleted < TIDIED {
            state.last_tidied = Some(now);
        }
        Ok(())
    }
}

/// The notices for the channels whose rules name what happened.
fn told<'a>(channels: &[Channel], happenings: &'a [Happening]) -> Vec<(ChannelId, &'a NewNotice)> {
    let is_told = |channel: &Channel, Happening { subject, notice }: &Happening| {
        channel.is_on && channel.rules.iter().any(|rule| rule.matches(notice.topic, subject))
    };
    let mut told = Vec::new();
    for happening in happenings {
        let named = channels.iter().filter(|channel| is_told(channel, happening));
        told.extend(named.map(|channel| (channel.id.clone(), &happening.notice)));
    }
    told
}

async fn happenings(conn: &mut Conn, events: &[Chained]) -> Result<Vec<Happening>, StoreError> {
    let (mut names, mut found) = (BTreeMap::new(), Vec::new());
    for chained in events {
        let Some(topic) = notices::topic_of(&chained.event) else { continue };
        let distribution = match &chained.event.distribution {
            Some(id) => Some(named(conn, id, &mut names).await?),
            None => None,
        };
        found.push(notices::happening(conn, chained, topic, distribution).await?);
    }
    Ok(found)
}

async fn named(
    conn: &mut Conn,
    id: &DistributionId,
    names: &mut BTreeMap<DistributionId, String>,
) -> Result<NoticeDistribution, StoreError> {
    if !names.contains_key(id) {
        let found = distributions::find(conn, id).await?;
        names.insert(id.clone(), found.map_or_else(|| id.to_string(), |found| found.shown_name()));
    }
    let name = names.get(id).cloned().unwrap_or_default();
    Ok(NoticeDistribution { id: id.to_string(), name })
}
