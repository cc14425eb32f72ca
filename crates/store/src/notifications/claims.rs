//! Which message is sent next, and by whom: one at a time for each channel.

use unstale_domain::{
    id::{ChannelId, MessageId},
    notifications::{Message, NOTICES_MAX, Notice},
    time::Timestamp,
};

use super::messages;
use crate::{
    Conn, StoreError, Tx,
    columns::{count, signed, time},
    db::{execute, fetch_all, fetch_one, fetch_optional},
};

/// A channel that a message waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueChannel {
    pub channel: ChannelId,
    pub due_at: Timestamp,
}

/// A message that a worker has claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedMessage {
    pub number: i64,
    pub message: Message,
    pub lease: String,
    /// How often it was tried before.
    pub tries: u32,
    /// How often in a row the channel's receiver did not take a message.
    pub failures: u32,
}

/// When the next message of each channel is due that is on and has one, the soonest first. A channel of which a message is being sent has
/// its turn when the lease ends.
pub async fn due_channels(conn: &mut Conn) -> Result<Vec<DueChannel>, StoreError> {
    let rows = fetch_all!(
        conn,
        (String, Option<i64>, Option<i64>, Option<i64>),
        "SELECT c.id, c.retry_at,
                (SELECT min(m.due_at) FROM notification_message m WHERE m.channel_id = c.id AND m.due_at IS NOT NULL),
                (SELECT max(m.lease_until) FROM notification_message m
                 WHERE m.channel_id = c.id AND m.lease IS NOT NULL)
         FROM notification_channel c WHERE c.is_on"
    )?;
    let due = rows.into_iter().filter_map(|(channel, retry_at, due_at, leased)| {
        let at = due_at?.max(retry_at.unwrap_or(i64::MIN)).max(leased.unwrap_or(i64::MIN));
        Some(DueChannel { channel: ChannelId::from_trusted(channel), due_at: time(at) })
    });
    let mut due: Vec<DueChannel> = due.collect();
    due.sort_by_key(|one| one.due_at);
    Ok(due)
}

/// Claims the oldest due message of a channel that no earlier one about the same invalidation waits before. `None` if
/// there is none, or if another process sends to this channel.
pub async fn claim(
    tx: &mut Tx,
    channel: &ChannelId,
    lease: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<ClaimedMessage>, StoreError> {
    let Some(failures) = lock(tx, channel, now).await? else { return Ok(None) };
    let found = fetch_optional!(
        tx,
        (i64, String, String, i64, i64, i64),
        "SELECT m.number, m.id, m.topic, m.notices, m.created_at, m.tries FROM notification_message m
         WHERE m.channel_id = $1 AND m.due_at IS NOT NULL AND m.due_at <= $2
           AND NOT EXISTS (
               SELECT 1 FROM notification_notice n
               JOIN notification_notice o ON o.channel_id = n.channel_id AND o.invalidation_id = n.invalidation_id
                   AND o.message_number < n.message_number
               JOIN notification_message e ON e.number = o.message_number AND e.state = 'waiting'
               WHERE n.message_number = m.number)
         ORDER BY m.number LIMIT 1",
        channel.as_str(),
        now.as_micros(),
    )?;
    let Some((number, id, topic, notices, created_at, tries)) = found else { return Ok(None) };
    execute!(
        tx,
        "UPDATE notification_message SET lease = $2, lease_until = $3 WHERE number = $1",
        number,
        lease,
        until.as_micros(),
    )?;
    let message = Message {
        id: MessageId::from_trusted(id),
        topic: messages::topic(&topic)?,
        created_at: time(created_at),
        count: count(notices) as u64,
        notices: told(tx, number).await?,
    };
    let tries = u32::try_from(tries).unwrap_or(u32::MAX);
    Ok(Some(ClaimedMessage { number, message, lease: lease.to_owned(), tries, failures }))
}

/// Locks the channel until the transaction ends, and returns how often in a row its receiver took nothing. `None` if
/// nothing may be sent to it now.
async fn lock(tx: &mut Tx, channel: &ChannelId, now: Timestamp) -> Result<Option<u32>, StoreError> {
    let select = if tx.is_postgres() {
        "SELECT failures FROM notification_channel
         WHERE id = $1 AND is_on AND (retry_at IS NULL OR retry_at <= $2) FOR UPDATE"
    } else {
        "SELECT failures FROM notification_channel WHERE id = $1 AND is_on AND (retry_at IS NULL OR retry_at <= $2)"
    };
    let row = fetch_optional!(tx, (i64,), select, channel.as_str(), now.as_micros())?;
    let Some((failures,)) = row else { return Ok(None) };
    let (leased,) = fetch_one!(
        tx,
        (i64,),
        "SELECT count(*) FROM notification_message WHERE channel_id = $1 AND lease IS NOT NULL AND lease_until > $2",
        channel.as_str(),
        now.as_micros(),
    )?;
    Ok((leased == 0).then(|| u32::try_from(failures).unwrap_or(u32::MAX)))
}

/// The first notices of a message.
async fn told(tx: &mut Tx, number: i64) -> Result<Vec<Notice>, StoreError> {
    let rows = fetch_all!(
        tx,
        (String,),
        "SELECT notice FROM notification_notice WHERE message_number = $1 ORDER BY notice_key LIMIT $2",
        number,
        signed(NOTICES_MAX),
    )?;
    let read = |(text,): (String,)| {
        serde_json::from_str(&text).map_err(|_| StoreError::unreadable("a notice", &text))
    };
    rows.into_iter().map(read).collect()
}

/// Ends all leases: this process has just started, and no other one uses the database.
pub async fn release_all(tx: &mut Tx) -> Result<(), StoreError> {
    execute!(tx, "UPDATE notification_message SET lease = NULL, lease_until = NULL WHERE lease IS NOT NULL")?;
    Ok(())
}
