//! What became of the messages that were sent.

use unstale_domain::{id::ChannelId, notifications::retry, time::Timestamp};

use super::ClaimedMessage;
use crate::{
    StoreError, Tx,
    columns::signed,
    db::{execute, fetch_all},
};

/// Stores that the receiver took the message. `false` if the lease was lost.
pub async fn set_delivered(
    tx: &mut Tx,
    channel: &ChannelId,
    sent: &ClaimedMessage,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let ended = execute!(
        tx,
        "UPDATE notification_message SET state = 'delivered', due_at = NULL, tries = tries + 1, lease = NULL,
             lease_until = NULL, problem = '', ended_at = $3, kept_until = $4
         WHERE number = $1 AND lease = $2 AND state = 'waiting'",
        sent.number,
        sent.lease.as_str(),
        now.as_micros(),
        now.plus(retry::KEPT).as_micros(),
    )?;
    if ended == 0 {
        return Ok(false);
    }
    execute!(
        tx,
        "UPDATE notification_channel SET delivered_at = $2, failures = 0, problem = '', retry_at = NULL WHERE id = $1",
        channel.as_str(),
        now.as_micros(),
    )?;
    Ok(true)
}

/// Stores that the receiver did not take the message. With `whole_channel`, nothing is sent to the channel until then;
/// otherwise only this message waits. One that was tried for too long is given up. `false` if the lease was lost.
pub async fn set_failed(
    tx: &mut Tx,
    channel: &ChannelId,
    sent: &ClaimedMessage,
    (problem, retry_at, whole_channel): (&str, Timestamp, bool),
    now: Timestamp,
) -> Result<bool, StoreError> {
    let due = if whole_channel { now } else { retry_at };
    let failed = execute!(
        tx,
        "UPDATE notification_message SET tries = tries + 1, lease = NULL, lease_until = NULL, problem = $3,
             state = CASE WHEN give_up_at <= $4 THEN 'given_up' ELSE state END,
             ended_at = CASE WHEN give_up_at <= $4 THEN $4 END,
             kept_until = CASE WHEN give_up_at <= $4 THEN CAST($5 AS BIGINT) END,
             due_at = CASE WHEN give_up_at <= $4 THEN NULL ELSE CAST($6 AS BIGINT) END
         WHERE number = $1 AND lease = $2 AND state = 'waiting'",
        sent.number,
        sent.lease.as_str(),
        problem,
        now.as_micros(),
        now.plus(retry::KEPT).as_micros(),
        due.as_micros(),
    )?;
    if failed == 0 {
        return Ok(false);
    }
    execute!(
        tx,
        "UPDATE notification_channel SET failures = failures + 1, problem = $2, retry_at = CASE WHEN $4 THEN CAST($3 AS BIGINT) END
         WHERE id = $1",
        channel.as_str(),
        problem,
        retry_at.as_micros(),
        whole_channel,
    )?;
    Ok(true)
}

/// Turns a channel off whose receiver is gone for good, and gives up all that waits for it. `false` if the lease was lost.
pub async fn set_gone(
    tx: &mut Tx,
    channel: &ChannelId,
    sent: &ClaimedMessage,
    because: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let failed = execute!(
        tx,
        "UPDATE notification_message SET tries = tries + 1, lease = NULL, lease_until = NULL, problem = $3
         WHERE number = $1 AND lease = $2 AND state = 'waiting'",
        sent.number,
        sent.lease.as_str(),
        because,
    )?;
    if failed == 0 {
        return Ok(false);
    }
    execute!(
        tx,
        "UPDATE notification_message SET state = 'given_up', due_at = NULL, ended_at = $2, kept_until = $3
         WHERE channel_id = $1 AND due_at IS NOT NULL",
        channel.as_str(),
        now.as_micros(),
        now.plus(retry::KEPT).as_micros(),
    )?;
    execute!(
        tx,
        "UPDATE notification_channel SET is_on = $3, off_because = $2, failures = 0, problem = '', retry_at = NULL
         WHERE id = $1",
        channel.as_str(),
        because,
        false,
    )?;
    Ok(true)
}

/// Deletes up to `limit` messages that have ended long ago. Returns their number.
pub async fn delete_expired(tx: &mut Tx, now: Timestamp, limit: usize) -> Result<usize, StoreError> {
    let rows = fetch_all!(
        tx,
        (i64,),
        "SELECT number FROM notification_message WHERE kept_until IS NOT NULL AND kept_until <= $1
         ORDER BY kept_until LIMIT $2",
        now.as_micros(),
        signed(limit),
    )?;
    for (number,) in &rows {
        execute!(tx, "DELETE FROM notification_notice WHERE message_number = $1", *number)?;
        execute!(tx, "DELETE FROM notification_message WHERE number = $1", *number)?;
    }
    Ok(rows.len())
}
