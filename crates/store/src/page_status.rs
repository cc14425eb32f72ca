//! What every page shows besides its own content.

use super::{Conn, StoreError, db::fetch_one};

/// The head of the history, and whether there is a problem that every page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outlook {
    /// The sequence of the last event.
    pub head: i64,
    /// An account is paused, or the distributions cannot be read.
    pub troubled: bool,
}

/// Reads both with one statement, because every page waits for it.
pub async fn read(conn: &mut Conn) -> Result<Outlook, StoreError> {
    let (head, troubled) = fetch_one!(
        conn,
        (i64, bool),
        "SELECT COALESCE((SELECT sequence FROM audit_head WHERE id = 1), 0),
             EXISTS (SELECT 1 FROM account WHERE paused_at IS NOT NULL) OR s.problem_kind IS NOT NULL
         FROM survey s WHERE s.id = 1",
    )?;
    Ok(Outlook { head, troubled })
}
