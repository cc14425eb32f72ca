//! Stores requests that wait for a second person, and the decisions about them.

use unstale_domain::{
    access::Access,
    actor::Actor,
    audit::ItemsRecord,
    id::{DistributionId, InvalidationId, PersonId, ProposalId, RequestKey},
    invalidations::{
        item::Item,
        proposal::{Proposal, ProposalState, latest_end},
    },
    time::Timestamp,
};

use crate::{
    Conn, StoreError, Tx,
    access::visibility::is_newest_of_each,
    columns::{actor, count, items_from_json, items_to_json, list_to_json, optional_time, signed, time},
    db::{execute, fetch_all, fetch_one, fetch_optional},
};

macro_rules! select {
    ($($rest:tt)*) => {
        concat!(
            "SELECT id, request_key, distribution_id, actor_kind, actor_id, actor_name, behind, reason, expected, warm, items, ",
            "first_item, asked_at, expires_at, state, decided_kind, decided_id, decided_name, decided_at, word, ",
            "invalidation_id FROM proposal ",
            $($rest)*
        )
    };
}

#[derive(sqlx_macros::FromRow)]
struct Row {
    id: String,
    request_key: String,
    distribution_id: String,
    actor_kind: String,
    actor_id: String,
    actor_name: String,
    behind: String,
    reason: String,
    expected: String,
    warm: bool,
    items: String,
    first_item: String,
    asked_at: i64,
    expires_at: i64,
    state: String,
    decided_kind: Option<String>,
    decided_id: Option<String>,
    decided_name: Option<String>,
    decided_at: Option<i64>,
    word: String,
    invalidation_id: Option<String>,
}

impl Row {
    /// For lists: items that cannot be read count as none, which is never what the history recorded.
    fn into_shown(mut self, now: Timestamp) -> Result<Proposal, StoreError> {
        if items_from_json(&self.items).is_err() {
            tracing::error!(
                proposal = self.id,
                "the list of items of a request cannot be read: it was changed"
            );
            "[]".clone_into(&mut self.items);
        }
        self.into_proposal(now)
    }

    fn into_proposal(self, now: Timestamp) -> Result<Proposal, StoreError> {
        let decided_by = match (self.decided_kind, self.decided_id, self.decided_name) {
            (Some(kind), Some(id), Some(name)) => Some(actor(&kind, id, name)?),
            _ => None,
        };
        let expires_at = time(self.expires_at);
        Ok(Proposal {
            id: ProposalId::from_trusted(self.id),
            request_key: RequestKey::from_trusted(self.request_key),
            distribution: DistributionId::from_trusted(self.distribution_id),
            asked_by: actor(&self.actor_kind, self.actor_id, self.actor_name)?,
            behind: self.behind,
            reason: self.reason,
            expected: super::expected(&self.expected)?,
            warm: self.warm,
            items: items_from_json(&self.items)?,
            first_item: Item::from_trusted(self.first_item),
            asked_at: time(self.asked_at),
            expires_at,
            state: ProposalState::read(&self.state, expires_at, now)
                .ok_or_else(|| StoreError::unreadable("a proposal's state", &self.state))?,
            decided_by,
            decided_at: optional_time(self.decided_at),
            word: self.word,
            invalidation: self.invalidation_id.map(InvalidationId::from_trusted),
        })
    }
}

/// Writes a proposal that waits. Fails with [`StoreError::Duplicate`] where its request key was used.
pub async fn insert(tx: &mut Tx, new: &Proposal) -> Result<(), StoreError> {
    execute!(
        tx,
        "INSERT INTO proposal (id, request_key, distribution_id, actor_kind, actor_id, actor_name, behind, reason,
             expected, warm, items, items_sha256, first_item, asked_at, expires_at, state)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 'waiting')",
        new.id.as_str(),
        new.request_key.as_str(),
        new.distribution.as_str(),
        new.asked_by.kind().as_str(),
        new.asked_by.id(),
        new.asked_by.name(),
        new.behind.as_str(),
        new.reason.as_str(),
        new.expected.to_string(),
        new.warm,
        items_to_json(&new.items),
        ItemsRecord::of(&new.items).sha256,
        new.first_item.as_str(),
        new.asked_at.as_micros(),
        new.expires_at.as_micros(),
    )?;
    Ok(())
}

pub async fn find(conn: &mut Conn, id: &ProposalId, now: Timestamp) -> Result<Option<Proposal>, StoreError> {
    let row = fetch_optional!(conn, Row, select!("WHERE id = $1"), id.as_str())?;
    row.map(|row| row.into_proposal(now)).transpose()
}

pub async fn find_by_key(
    conn: &mut Conn,
    key: &RequestKey,
    now: Timestamp,
) -> Result<Option<Proposal>, StoreError> {
    let row = fetch_optional!(conn, Row, select!("WHERE request_key = $1"), key.as_str())?;
    row.map(|row| row.into_proposal(now)).transpose()
}

macro_rules! recent_of_each {
    ($engine:ident) => {
        select!(
            "WHERE ",
            is_newest_of_each!($engine, "proposal", "asked_at", ""),
            " ORDER BY asked_at DESC, id DESC LIMIT $2"
        )
    };
}
const RECENT_SQLITE: &str = recent_of_each!(sqlite);
const RECENT_POSTGRES: &str = recent_of_each!(postgres);

/// The newest proposals, in any state, that this access may see.
pub async fn recent(
    conn: &mut Conn,
    access: &Access,
    limit: usize,
    now: Timestamp,
) -> Result<Vec<Proposal>, StoreError> {
    let rows = match access.distributions() {
        None => fetch_all!(conn, Row, select!("ORDER BY asked_at DESC, id DESC LIMIT $1"), signed(limit)),
        Some(seen) => {
            let sql = if conn.is_postgres() { RECENT_POSTGRES } else { RECENT_SQLITE };
            fetch_all!(conn, Row, sql, list_to_json(&seen), signed(limit))
        }
    }?;
    rows.into_iter().map(|row| row.into_shown(now)).collect()
}

macro_rules! waiting_for {
    ($seen:literal) => {
        concat!(
            "SELECT count(*) FROM proposal
             WHERE state = 'waiting' AND expires_at > $1 AND expires_at <= $2 AND behind <> $3",
            $seen
        )
    };
}

/// How many wait for the decision of this person: of those that they may see, the ones behind which another person is.
pub async fn waiting_for(
    conn: &mut Conn,
    person: &PersonId,
    access: &Access,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let (now, latest) = (now.as_micros(), latest_end(now).as_micros());
    let (number,) = match access.distributions() {
        None => fetch_one!(conn, (i64,), waiting_for!(""), now, latest, person.as_str()),
        Some(seen) => {
            let sql = if conn.is_postgres() {
                waiting_for!(" AND distribution_id = ANY (ARRAY(SELECT json_array_elements_text($4::json)))")
            } else {
                waiting_for!(" AND distribution_id IN (SELECT value FROM json_each($4))")
            };
            fetch_one!(conn, (i64,), sql, now, latest, person.as_str(), list_to_json(&seen))
        }
    }?;
    Ok(count(number))
}

/// The proposals that wait at a distribution, the oldest first.
pub async fn waiting_at(
    conn: &mut Conn,
    distribution: &DistributionId,
    limit: usize,
    now: Timestamp,
) -> Result<Vec<Proposal>, StoreError> {
    let rows = fetch_all!(
        conn,
        Row,
        select!(
            "WHERE state = 'waiting' AND expires_at > $2 AND expires_at <= $3 AND distribution_id = $1
             ORDER BY asked_at, id LIMIT $4"
        ),
        distribution.as_str(),
        now.as_micros(),
        latest_end(now).as_micros(),
        signed(limit),
    )?;
    rows.into_iter().map(|row| row.into_shown(now)).collect()
}

/// How many wait that this actor asked for.
pub async fn waiting_of(conn: &mut Conn, actor: &Actor, now: Timestamp) -> Result<usize, StoreError> {
    let (number,) = fetch_one!(
        conn,
        (i64,),
        "SELECT count(*) FROM proposal
         WHERE state = 'waiting' AND expires_at > $3 AND expires_at <= $4 AND actor_kind = $1 AND actor_id = $2",
        actor.kind().as_str(),
        actor.id(),
        now.as_micros(),
        latest_end(now).as_micros(),
    )?;
    Ok(count(number))
}

/// Writes the decision. `false` if the proposal no longer waits.
pub async fn decide(
    tx: &mut Tx,
    id: &ProposalId,
    by: &Actor,
    word: &str,
    invalidation: Option<&InvalidationId>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let state = if invalidation.is_some() { "approved" } else { "declined" };
    let decided = execute!(
        tx,
        "UPDATE proposal SET state = $2, decided_kind = $3, decided_id = $4, decided_name = $5, decided_at = $6,
             word = $7, invalidation_id = $8
         WHERE id = $1 AND state = 'waiting' AND expires_at > $6 AND expires_at <= $9",
        id.as_str(),
        state,
        by.kind().as_str(),
        by.id(),
        by.name(),
        now.as_micros(),
        word,
        invalidation.map(InvalidationId::as_str),
        latest_end(now).as_micros(),
    )?;
    Ok(decided == 1)
}
