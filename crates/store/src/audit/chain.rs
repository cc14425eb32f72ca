//! Writes events at the end of the chain.

use std::mem;

use unstale_domain::audit::Chained;

use crate::{
    StoreError, Tx,
    db::{ChainHead, fetch_one, insert_all},
};

/// Writes the events of a transaction that is about to be committed, each with the hash of the one before it, and gives
/// the last of them. On PostgreSQL other transactions wait from here to the commit.
pub(crate) async fn write(tx: &mut Tx) -> Result<Option<ChainHead>, StoreError> {
    let events = mem::take(&mut tx.events);
    if events.is_empty() {
        return Ok(None);
    }
    let (mut sequence, mut hash) = match tx.known_head() {
        Some(head) => head,
        None => take_head(tx).await?,
    };
    let mut chained = Vec::with_capacity(events.len());
    for event in events {
        let next = Chained::new(sequence + 1, event, hash);
        (sequence, hash) = (next.sequence, next.hash.clone());
        chained.push(next);
    }
    insert(tx, &chained).await?;
    let head = (sequence, hash);
    set_head(tx, &head).await?;
    Ok(Some(head))
}

/// The last event, held until the transaction ends.
pub(super) async fn take_head(tx: &mut Tx) -> Result<ChainHead, StoreError> {
    let sql = if tx.is_postgres() {
        "SELECT sequence, hash FROM audit_head WHERE id = 1 FOR UPDATE"
    } else {
        "SELECT sequence, hash FROM audit_head WHERE id = 1"
    };
    fetch_one!(tx, (i64, String), sql)
}

async fn set_head(tx: &mut Tx, head: &ChainHead) -> Result<(), StoreError> {
    insert_all!(
        tx,
        "INSERT INTO audit_head (id, sequence, hash) ",
        [head],
        |(sequence, hash)| [1, *sequence, hash.as_str()],
        " ON CONFLICT (id) DO UPDATE SET sequence = excluded.sequence, hash = excluded.hash"
    );
    Ok(())
}

async fn insert(tx: &mut Tx, rows: &[Chained]) -> Result<(), StoreError> {
    insert_all!(tx, "INSERT INTO audit_event (sequence, form, hash) ", rows, |row| [
        row.sequence,
        row.form.as_str(),
        row.hash.as_str(),
    ]);
    Ok(())
}
