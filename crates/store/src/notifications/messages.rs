//! The messages of the channels, with what each tells.

use unstale_domain::{
    id::{ChannelId, InvalidationId, MessageId},
    notifications::{MessageCounts, Notice, NotificationTopic, retry},
    time::Timestamp,
};

use crate::{
    Conn, StoreError, Tx,
    columns::{count, optional_time, signed, time},
    db::{execute, fetch_all, fetch_one, fetch_optional},
};

/// A notice, before it is known which channels get it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewNotice {
    pub topic: NotificationTopic,
    /// What the notice is of. A channel gets one notice of each key.
    pub key: String,
    /// The run that it belongs to. Notices of one topic and run share a message.
    pub run: String,
    pub invalidation: Option<InvalidationId>,
    pub notice: Notice,
}

/// How a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageState {
    Waiting,
    Delivered,
    GivenUp,
}

impl MessageState {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::GivenUp => "given_up",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Waiting, Self::Delivered, Self::GivenUp].into_iter().find(|state| state.as_str() == text)
    }
}

/// A message in the list of its channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedMessage {
    pub id: MessageId,
    pub topic: NotificationTopic,
    /// The number of its notices.
    pub notices: usize,
    pub state: MessageState,
    pub created_at: Timestamp,
    /// When it is tried. `None` for one that has ended.
    pub due_at: Option<Timestamp>,
    pub tries: usize,
    /// What the last try met. Empty if nothing was wrong.
    pub problem: String,
    pub ended_at: Option<Timestamp>,
}

#[derive(sqlx_macros::FromRow)]
struct Row {
    id: String,
    topic: String,
    notices: i64,
    state: String,
    created_at: i64,
    due_at: Option<i64>,
    tries: i64,
    problem: String,
    ended_at: Option<i64>,
}

impl Row {
    fn into_message(self) -> Result<ListedMessage, StoreError> {
        Ok(ListedMessage {
            id: MessageId::from_trusted(self.id),
            topic: topic(&self.topic)?,
            notices: count(self.notices),
            state: MessageState::parse(&self.state)
                .ok_or_else(|| StoreError::unreadable("the state of a message", &self.state))?,
            created_at: time(self.created_at),
            due_at: optional_time(self.due_at),
            tries: count(self.tries),
            problem: self.problem,
            ended_at: optional_time(self.ended_at),
        })
    }
}

pub(super) fn topic(word: &str) -> Result<NotificationTopic, StoreError> {
    NotificationTopic::parse_stored(word)
        .ok_or_else(|| StoreError::unreadable("the topic of a message", word))
}

/// Adds a notice to a channel: to the message of its run, if that was not tried yet, else to a new one with this ID. `false`
/// if the channel has this notice already.
pub async fn add(
    tx: &mut Tx,
    channel: &ChannelId,
    new: &NewNotice,
    id: &MessageId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let known = fetch_optional!(
        tx,
        (i64,),
        "SELECT message_number FROM notification_notice WHERE channel_id = $1 AND notice_key = $2",
        channel.as_str(),
        new.key.as_str(),
    )?;
    if known.is_some() {
        return Ok(false);
    }
    let number = match shared_message(tx, channel, new, now).await? {
        Some((number, first)) => {
            execute!(
                tx,
                "UPDATE notification_message SET notices = notices + 1, due_at = $2 WHERE number = $1",
                number,
                retry::due_with_others(first, now).as_micros(),
            )?;
            number
        }
        None => insert(tx, channel, new, id, now).await?,
    };
    execute!(
        tx,
        "INSERT INTO notification_notice (channel_id, notice_key, message_number, invalidation_id, notice)
         VALUES ($1, $2, $3, $4, $5)",
        channel.as_str(),
        new.key.as_str(),
        number,
        new.invalidation.as_ref().map(InvalidationId::as_str),
        serde_json::json!(new.notice).to_string(),
    )?;
    Ok(true)
}

/// The message of the same run that is not tried yet, and when it began. None if a later message is about the same
/// invalidation: its notices come in order.
async fn shared_message(
    tx: &mut Tx,
    channel: &ChannelId,
    new: &NewNotice,
    now: Timestamp,
) -> Result<Option<(i64, Timestamp)>, StoreError> {
    if new.run.is_empty() {
        return Ok(None);
    }
    let found = fetch_optional!(
        tx,
        (i64, i64),
        "SELECT number, created_at FROM notification_message
         WHERE channel_id = $1 AND topic = $2 AND run_key = $3 AND state = 'waiting' AND tries = 0 AND lease IS NULL
           AND created_at > $4
         ORDER BY number DESC LIMIT 1",
        channel.as_str(),
        new.topic.as_str(),
        new.run.as_str(),
        now.minus(retry::TOGETHER_MAX).as_micros(),
    )?;
    let Some((number, created_at)) = found else { return Ok(None) };
    let Some(invalidation) = &new.invalidation else { return Ok(Some((number, time(created_at)))) };
    let (later,) = fetch_one!(
        tx,
        (Option<i64>,),
        "SELECT max(message_number) FROM notification_notice WHERE channel_id = $1 AND invalidation_id = $2",
        channel.as_str(),
        invalidation.as_str(),
    )?;
    Ok(later.is_none_or(|later| later <= number).then_some((number, time(created_at))))
}

async fn insert(
    tx: &mut Tx,
    channel: &ChannelId,
    new: &NewNotice,
    id: &MessageId,
    now: Timestamp,
) -> Result<i64, StoreError> {
    execute!(tx, "UPDATE notification_progress SET messages = messages + 1 WHERE id = 1")?;
    let (number,) = fetch_one!(tx, (i64,), "SELECT messages FROM notification_progress WHERE id = 1")?;
    let due = if new.run.is_empty() { now } else { retry::due_with_others(now, now) };
    execute!(
        tx,
        "INSERT INTO notification_message (number, id, channel_id, topic, run_key, notices, state, created_at, due_at,
             tries, problem, give_up_at)
         VALUES ($1, $2, $3, $4, $5, 1, 'waiting', $6, $7, 0, '', $8)",
        number,
        id.as_str(),
        channel.as_str(),
        new.topic.as_str(),
        new.run.as_str(),
        now.as_micros(),
        due.as_micros(),
        now.plus(retry::GIVEN_UP_AFTER).as_micros(),
    )?;
    Ok(number)
}

/// The newest `limit` messages of a channel, newest first.
pub async fn newest(
    conn: &mut Conn,
    channel: &ChannelId,
    limit: usize,
) -> Result<Vec<ListedMessage>, StoreError> {
    let rows = fetch_all!(
        conn,
        Row,
        "SELECT id, topic, notices, state, created_at, due_at, tries, problem, ended_at FROM notification_message
         WHERE channel_id = $1 ORDER BY number DESC LIMIT $2",
        channel.as_str(),
        signed(limit),
    )?;
    rows.into_iter().map(Row::into_message).collect()
}

/// How many messages of a channel wait and how many were given up, each counted up to `most`.
pub async fn counts(conn: &mut Conn, channel: &ChannelId, most: usize) -> Result<MessageCounts, StoreError> {
    let (waiting, given_up) = fetch_one!(
        conn,
        (i64, i64),
        "SELECT (SELECT count(*) FROM (SELECT 1 AS one FROM notification_message
                     WHERE channel_id = $1 AND due_at IS NOT NULL LIMIT $2) AS waiting),
                (SELECT count(*) FROM (SELECT 1 AS one FROM notification_message
                     WHERE channel_id = $1 AND state = 'given_up' LIMIT $2) AS given_up)",
        channel.as_str(),
        signed(most),
    )?;
    Ok(MessageCounts { waiting: count(waiting), given_up: count(given_up) })
}

/// The messages that wait for channels that are on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitingMessages {
    pub count: usize,
    /// When the oldest of them began. `None` if none waits.
    pub since: Option<Timestamp>,
}

/// The messages that wait for channels that are on, counted up to `most` for each channel.
pub async fn waiting(conn: &mut Conn, most: usize) -> Result<WaitingMessages, StoreError> {
    let rows = fetch_all!(
        conn,
        (i64, Option<i64>),
        "SELECT (SELECT count(*) FROM (SELECT 1 AS one FROM notification_message m
                     WHERE m.channel_id = c.id AND m.due_at IS NOT NULL LIMIT $1) AS waiting),
                (SELECT min(m.created_at) FROM notification_message m
                     WHERE m.channel_id = c.id AND m.due_at = (
                         SELECT min(o.due_at) FROM notification_message o
                         WHERE o.channel_id = c.id AND o.due_at IS NOT NULL))
         FROM notification_channel c WHERE c.is_on",
        signed(most),
    )?;
    let since = rows.iter().filter_map(|(_, since)| *since).min();
    Ok(WaitingMessages {
        count: rows.iter().map(|(waiting, _)| count(*waiting)).sum(),
        since: optional_time(since),
    })
}

/// Tries the messages of a channel again that were given up. Returns their number.
pub async fn retry(tx: &mut Tx, channel: &ChannelId, now: Timestamp) -> Result<u64, StoreError> {
    execute!(
        tx,
        "UPDATE notification_message SET state = 'waiting', due_at = $2, give_up_at = $3, ended_at = NULL,
             kept_until = NULL
         WHERE channel_id = $1 AND state = 'given_up'",
        channel.as_str(),
        now.as_micros(),
        now.plus(retry::GIVEN_UP_AFTER).as_micros(),
    )
}
