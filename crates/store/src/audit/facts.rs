//! Compares what events state about invalidations and proposals with the rows in the tables.

use serde_json::Value;
use sqlx::AssertSqlSafe;

use unstale_domain::{
    audit::{
        Action, Chained, Target, facts,
        verify::{Broken, Flaw},
    },
    id::{InvalidationId, ProposalId},
    invalidations::{
        invalidation::{Batch, Invalidation},
        proposal::Proposal,
    },
    time::Timestamp,
};

use super::{
    super::{Conn, StoreError, db::fetch_optional, invalidations},
    invalidations::first_events,
    stored::{fetch_events, fetch_lines, lines_of, lines_where},
};
use crate::invalidations::{batches, proposals};

/// The most events of an invalidation that are read to compare it. An invalidation with at least this many events
/// is never reported as contradicting them.
const EVENTS_MAX: usize = 100_000;
/// How often an invalidation is read at most. It is read again if it changed while it was read.
const TRIES: usize = 20;

/// The events among the next `numbers` sequences after `sequence` that begin an invalidation, or that make or
/// decline a proposal.
pub async fn stating(conn: &mut Conn, sequence: i64, numbers: i64) -> Result<Vec<Chained>, StoreError> {
    let clause = format!(
        "WHERE sequence > $1 AND sequence <= $1 + $2
             AND action IN ({}, 'proposal.made', 'proposal.declined') ORDER BY sequence",
        beginnings()
    );
    let sql = AssertSqlSafe(lines_where(conn.is_postgres(), &clause));
    fetch_lines!(conn, sql, sequence, numbers)
}

/// The actions with which an invalidation can begin, as a list of SQL literals.
fn beginnings() -> String {
    facts::BEGINNINGS.map(|action| format!("'{}'", action.as_str())).join(", ")
}

/// The events of several invalidations, oldest first.
pub async fn of_invalidations(conn: &mut Conn, ids: &[InvalidationId]) -> Result<Vec<Chained>, StoreError> {
    let ids = Value::from(ids.iter().map(InvalidationId::as_str).collect::<Vec<_>>()).to_string();
    let sql = if conn.is_postgres() {
        lines_of!(
            postgres,
            "WHERE invalidation_id IN (SELECT value FROM json_array_elements_text($1::json)) ORDER BY sequence"
        )
    } else {
        lines_of!(sqlite, "WHERE invalidation_id IN (SELECT value FROM json_each($1)) ORDER BY sequence")
    };
    fetch_lines!(conn, sql, ids)
}

/// Compares rows, as lists show them, with the first event of each invalidation. Returns the IDs of the rows that
/// do not agree.
pub async fn contradicted(conn: &mut Conn, rows: &[Invalidation]) -> Result<Vec<InvalidationId>, StoreError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<InvalidationId> = rows.iter().map(|row| row.id.clone()).collect();
    Ok(facts::contradicted(&first_events(conn, &ids).await?, rows))
}

/// The first event of an invalidation that its rows do not agree with. `None` if the rows agree, if there are too
/// many events, or if the invalidation changed during every try.
///
/// A change and its event are written in one transaction. So if the events are the same before and after the rows
/// are read, the rows belong to these events.
pub async fn contradiction(conn: &mut Conn, id: &InvalidationId) -> Result<Option<Broken>, StoreError> {
    for _ in 0..TRIES {
        let before = super::of_invalidation(conn, id, EVENTS_MAX).await?;
        let read = match rows_of(conn, id).await {
            Err(StoreError::Unreadable(what)) => Err(unreadable(before.first(), &what)),
            rows => Ok(rows?),
        };
        if before.len() < EVENTS_MAX && last_of(conn, id).await? == before.last().map(|last| last.sequence) {
            let compared =
                read.and_then(|(row, batches)| facts::compare_invalidation(&before, row.as_ref(), &batches));
            return Ok(compared.err());
        }
    }
    Ok(None)
}

async fn rows_of(
    conn: &mut Conn,
    id: &InvalidationId,
) -> Result<(Option<Invalidation>, Vec<Batch>), StoreError> {
    Ok((invalidations::find(conn, id).await?, batches::of_invalidation(conn, id).await?))
}

/// The error for a row that cannot be read. No version of Unstale writes such a row, so somebody has changed it.
fn unreadable(first: Option<&Chained>, what: &str) -> Broken {
    let sequence = first.map_or(1, |first| first.sequence);
    facts::broken(sequence, format!("what it states cannot be read in the database any more: {what}"))
}

/// Like [`contradiction`], for rows that were already read. They are read again only if they do not agree, because
/// they may have been read before or after the events changed.
pub async fn contradiction_of(
    conn: &mut Conn,
    row: &Invalidation,
    batches: &[Batch],
) -> Result<Option<Broken>, StoreError> {
    let events = super::of_invalidation(conn, &row.id, EVENTS_MAX).await?;
    match facts::compare_invalidation(&events, Some(row), batches) {
        Ok(()) => Ok(None),
        Err(_) => contradiction(conn, &row.id).await,
    }
}

async fn last_of(conn: &mut Conn, id: &InvalidationId) -> Result<Option<i64>, StoreError> {
    let last = fetch_optional!(
        conn,
        (i64,),
        "SELECT sequence FROM audit_event WHERE invalidation_id = $1 ORDER BY sequence DESC LIMIT 1",
        id.as_str(),
    )?;
    Ok(last.map(|(sequence,)| sequence))
}

/// The first event on a proposal that the proposal's row does not agree with. `None` if they agree. `stated` is the
/// event of the proposal from which the comparison starts.
pub async fn proposal_contradiction(
    conn: &mut Conn,
    stated: &Chained,
    now: Timestamp,
) -> Result<Option<Broken>, StoreError> {
    let Target::Proposal(id) = &stated.event.target else { return Ok(None) };
    let found = match proposals::find(conn, id, now).await {
        Err(StoreError::Unreadable(what)) => return Ok(Some(unreadable(Some(stated), &what))),
        found => found?,
    };
    let Some(row) = found else {
        let what = "the request for approval that it states is not in the database";
        return Ok(Some(Broken { sequence: stated.sequence, flaw: Flaw::Tables(what.to_owned()) }));
    };
    if stated.event.action == Action::ProposalMade {
        if let Err(broken) = facts::compare_proposal(stated, &row) {
            return Ok(Some(broken));
        }
        let decided = decision_on(conn, &row).await?;
        return Ok(facts::compare_decision(stated.sequence, decided.as_ref(), &row).err());
    }
    Ok(facts::compare_decision(stated.sequence, Some(stated), &row).err())
}

/// The first event on a proposal that its row does not agree with. `None` if they agree. If no event makes the
/// proposal, retention may have dropped that event.
///
/// The list of three actions in the statement is the condition of a partial index. Both engines use that index only
/// if the statement contains the same condition.
pub async fn contradiction_of_proposal(
    conn: &mut Conn,
    row: &Proposal,
    now: Timestamp,
) -> Result<Option<Broken>, StoreError> {
    let asked: Vec<Chained> = fetch_events!(
        conn,
        "WHERE target_id = $1 AND action IN ('proposal.made', 'proposal.approved', 'proposal.declined')
             AND action NOT IN ('proposal.approved', 'proposal.declined')
         ORDER BY sequence LIMIT 1",
        row.id.as_str(),
    )?;
    match asked.first() {
        Some(asked) => proposal_contradiction(conn, asked, now).await,
        None if super::first_sequence(conn).await? > 1 => Ok(None),
        None => {
            let what = "no event asks for the request for approval";
            Ok(Some(Broken { sequence: 1, flaw: Flaw::Tables(what.to_owned()) }))
        }
    }
}

/// The event that decided on a proposal. `None` if the row has no decision or no event states one.
async fn decision_on(conn: &mut Conn, row: &Proposal) -> Result<Option<Chained>, StoreError> {
    if row.decided_at.is_none() && row.decided_by.is_none() {
        return Ok(None);
    }
    let events: Vec<Chained> = fetch_events!(
        conn,
        "WHERE target_id = $1 AND action IN ('proposal.made', 'proposal.approved', 'proposal.declined')
             AND action <> 'proposal.made'
         ORDER BY sequence LIMIT 1",
        row.id.as_str(),
    )?;
    Ok(events.into_iter().next())
}

/// An invalidation that no event begins. Call this only if no event was dropped.
pub async fn unstated_invalidation(conn: &mut Conn) -> Result<Option<InvalidationId>, StoreError> {
    let sql = format!(
        "SELECT i.id FROM invalidation i WHERE NOT EXISTS (
             SELECT 1 FROM audit_event e WHERE e.invalidation_id = i.id AND e.action IN ({}))
         LIMIT 1",
        beginnings()
    );
    let row = fetch_optional!(conn, (String,), AssertSqlSafe(sql))?;
    Ok(row.map(|(id,)| InvalidationId::from_trusted(id)))
}

/// A proposal that no event makes. Call this only if no event was dropped.
pub async fn unstated_proposal(conn: &mut Conn) -> Result<Option<ProposalId>, StoreError> {
    let row = fetch_optional!(
        conn,
        (String,),
        "SELECT p.id FROM proposal p WHERE p.id NOT IN (
             SELECT target_id FROM audit_event WHERE action = 'proposal.made' AND target_id IS NOT NULL)
         LIMIT 1",
    )?;
    Ok(row.map(|(id,)| ProposalId::from_trusted(id)))
}
