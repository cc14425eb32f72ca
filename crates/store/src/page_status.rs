//! What every page shows around its own matter.

use super::{Conn, StoreError, db::fetch_one};

/// Where the history stands, and whether there is anything that everybody should know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outlook {
    /// The last event.
    pub head: i64,
    /// An account is paused, or the distributions cannot be read.
    pub troubled: bool,
}

/// Asked at once: each page waits for it.
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
