//! The channels, with their secrets encrypted.

use unstale_domain::{
    id::ChannelId,
    notifications::{CHANNELS_MAX, Channel, ChannelKind, ChannelTrouble, MessageCounts, SigningMethod},
    secrets_key::SealedSecret,
    time::Timestamp,
};

use super::{messages, rules};
use crate::{
    Conn, StoreError, Tx,
    columns::{count, optional_time, signed, time},
    db::{execute, fetch_all, fetch_one, fetch_optional},
};

/// What is needed to post to a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelSecrets {
    /// The URL. `None` for e-mail.
    pub address: Option<SealedSecret>,
    /// `None` for a channel whose messages are not signed.
    pub signing_key: Option<SealedSecret>,
    /// The key before it, and until when messages are signed with it too.
    pub earlier_key: Option<(SealedSecret, Timestamp)>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, kind, destination, signing, rules, is_on, off_because, created_at, delivered_at, failures,
                 problem, retry_at
             FROM notification_channel ",
            $rest
        )
    };
}

#[derive(sqlx_macros::FromRow)]
struct Row {
    id: String,
    name: String,
    kind: String,
    destination: String,
    signing: Option<String>,
    rules: String,
    is_on: bool,
    off_because: String,
    created_at: i64,
    delivered_at: Option<i64>,
    failures: i64,
    problem: String,
    retry_at: Option<i64>,
}

impl Row {
    fn into_channel(self) -> Result<Channel, StoreError> {
        let kind = ChannelKind::parse(&self.kind)
            .ok_or_else(|| StoreError::unreadable("the kind of a channel", &self.kind))?;
        let signing = self.signing.map(|word| {
            SigningMethod::parse(&word).ok_or_else(|| StoreError::unreadable("how a channel signs", &word))
        });
        let problem = self.problem;
        let trouble = self.retry_at.map(|at| ChannelTrouble {
            failures: u32::try_from(self.failures).unwrap_or(u32::MAX),
            problem,
            retry_at: time(at),
        });
        Ok(Channel {
            id: ChannelId::from_trusted(self.id),
            name: self.name,
            kind,
            destination: self.destination,
            signing: signing.transpose()?,
            rules: rules::from_json(&self.rules)?,
            is_on: self.is_on,
            off_because: self.off_because,
            created_at: time(self.created_at),
            delivered_at: optional_time(self.delivered_at),
            trouble,
        })
    }
}

/// Inserts a new channel. Fails with [`StoreError::Duplicate`] if another one has the name.
pub async fn insert(tx: &mut Tx, new: &Channel, secrets: &ChannelSecrets) -> Result<(), StoreError> {
    execute!(
        tx,
        "INSERT INTO notification_channel (id, name, kind, destination, address, signing, signing_key, rules, is_on, off_because,
             created_at, failures, problem)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, '')",
        new.id.as_str(),
        new.name.as_str(),
        new.kind.as_str(),
        new.destination.as_str(),
        secrets.address.as_ref().map(SealedSecret::as_str),
        new.signing.map(SigningMethod::as_str),
        secrets.signing_key.as_ref().map(SealedSecret::as_str),
        rules::to_json(&new.rules),
        new.is_on,
        new.off_because.as_str(),
        new.created_at.as_micros(),
    )?;
    Ok(())
}

/// All channels, ordered by name.
pub async fn list(conn: &mut Conn) -> Result<Vec<Channel>, StoreError> {
    let rows = fetch_all!(conn, Row, select!("ORDER BY name LIMIT $1"), signed(CHANNELS_MAX))?;
    rows.into_iter().map(Row::into_channel).collect()
}

pub async fn find(conn: &mut Conn, id: &ChannelId) -> Result<Option<Channel>, StoreError> {
    let row = fetch_optional!(conn, Row, select!("WHERE id = $1"), id.as_str())?;
    row.map(Row::into_channel).transpose()
}

/// The number of channels.
pub async fn total(conn: &mut Conn) -> Result<usize, StoreError> {
    let (number,) = fetch_one!(conn, (i64,), "SELECT count(*) FROM notification_channel")?;
    Ok(count(number))
}

/// All channels, each with the numbers of its messages that wait and that were given up, counted up to `most`.
pub async fn list_with_counts(
    conn: &mut Conn,
    most: usize,
) -> Result<Vec<(Channel, MessageCounts)>, StoreError> {
    let mut all = Vec::new();
    for channel in list(conn).await? {
        let counts = messages::counts(conn, &channel.id, most).await?;
        all.push((channel, counts));
    }
    Ok(all)
}

/// What is needed to post to a channel. `None` if there is no such channel.
pub async fn secrets(conn: &mut Conn, id: &ChannelId) -> Result<Option<ChannelSecrets>, StoreError> {
    let row = fetch_optional!(
        conn,
        (Option<String>, Option<String>, Option<String>, Option<i64>),
        "SELECT address, signing_key, earlier_key, earlier_until FROM notification_channel WHERE id = $1",
        id.as_str(),
    )?;
    Ok(row.map(|(address, signing_key, earlier_key, until)| ChannelSecrets {
        address: address.map(SealedSecret::from_stored),
        signing_key: signing_key.map(SealedSecret::from_stored),
        earlier_key: earlier_key.map(SealedSecret::from_stored).zip(optional_time(until)),
    }))
}

/// Writes the name, the rules and whether it is on. Turned on, it is tried at once. Fails with
/// [`StoreError::Duplicate`] if another one has the name.
pub async fn set(tx: &mut Tx, new: &Channel) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE notification_channel SET name = $2, rules = $3,
             retry_at = CASE WHEN $4 AND NOT is_on THEN NULL ELSE retry_at END,
             failures = CASE WHEN $4 AND NOT is_on THEN 0 ELSE failures END,
             is_on = $4, off_because = $5
         WHERE id = $1",
        new.id.as_str(),
        new.name.as_str(),
        rules::to_json(&new.rules),
        new.is_on,
        new.off_because.as_str(),
    )?;
    Ok(())
}

/// Writes a new address. It is tried at once.
pub async fn set_address(
    tx: &mut Tx,
    id: &ChannelId,
    destination: &str,
    address: Option<&SealedSecret>,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE notification_channel SET destination = $2, address = $3, failures = 0, problem = '', retry_at = NULL
         WHERE id = $1",
        id.as_str(),
        destination,
        address.map(SealedSecret::as_str),
    )?;
    Ok(())
}

/// Writes a new signing key. The one before it goes on to sign until this time.
pub async fn set_signing_key(
    tx: &mut Tx,
    id: &ChannelId,
    key: &SealedSecret,
    earlier_until: Timestamp,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE notification_channel SET earlier_key = signing_key, earlier_until = $3, signing_key = $2 WHERE id = $1",
        id.as_str(),
        key.as_str(),
        earlier_until.as_micros(),
    )?;
    Ok(())
}

/// Tries the channel at once, whatever its receiver did before.
pub async fn try_now(tx: &mut Tx, id: &ChannelId) -> Result<(), StoreError> {
    execute!(tx, "UPDATE notification_channel SET retry_at = NULL WHERE id = $1", id.as_str())?;
    Ok(())
}

/// Removes a channel with its messages. `false` if it is not there.
pub async fn remove(tx: &mut Tx, id: &ChannelId) -> Result<bool, StoreError> {
    execute!(tx, "DELETE FROM notification_notice WHERE channel_id = $1", id.as_str())?;
    execute!(tx, "DELETE FROM notification_message WHERE channel_id = $1", id.as_str())?;
    Ok(execute!(tx, "DELETE FROM notification_channel WHERE id = $1", id.as_str())? == 1)
}
