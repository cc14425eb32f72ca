//! The ways in as the last start found them, so that the next one can tell what changed.

use crate::{
    Conn, StoreError, Tx,
    db::{execute, fetch_optional},
};

/// A line for each setting; nothing before the first start.
pub async fn read(conn: &mut Conn) -> Result<Option<String>, StoreError> {
    let row = fetch_optional!(conn, (String,), "SELECT facts FROM authentication_methods WHERE id = 1")?;
    Ok(row.map(|(facts,)| facts))
}

/// Keeps them in place of the earlier ones.
pub async fn replace(tx: &mut Tx, facts: &str) -> Result<(), StoreError> {
    execute!(
        tx,
        "INSERT INTO authentication_methods (id, facts) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET facts = excluded.facts",
        facts,
    )?;
    Ok(())
}
