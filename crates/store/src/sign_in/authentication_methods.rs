//! The authentication methods that the last start of the service found. The next start compares its own methods
//! with them.

use crate::{
    Conn, StoreError, Tx,
    db::{execute, fetch_optional},
};

/// One line for each setting. `None` before the first start.
pub async fn read(conn: &mut Conn) -> Result<Option<String>, StoreError> {
    let row = fetch_optional!(conn, (String,), "SELECT facts FROM authentication_methods WHERE id = 1")?;
    Ok(row.map(|(facts,)| facts))
}

/// Stores the methods in place of the earlier ones.
pub async fn replace(tx: &mut Tx, facts: &str) -> Result<(), StoreError> {
    execute!(
        tx,
        "INSERT INTO authentication_methods (id, facts) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET facts = excluded.facts",
        facts,
    )?;
    Ok(())
}
