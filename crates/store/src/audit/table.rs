//! Whether the table of events still works its columns out of the forms.

use crate::{
    Conn, StoreError,
    db::{fetch_one, fetch_optional},
    tables,
};

/// Do the columns that lists and searches narrow by follow from what was hashed? No statement can give them another
/// value; somebody who owns the database can make another table of it.
pub async fn follows_forms(conn: &mut Conn) -> Result<bool, StoreError> {
    if conn.is_postgres() {
        let (plain,) = fetch_one!(
            conn,
            (i64,),
            "SELECT count(*) FROM pg_attribute
             WHERE attrelid = to_regclass('audit_event') AND attnum > 0 AND NOT attisdropped
                 AND attgenerated = '' AND attname NOT IN ('sequence', 'form', 'hash')",
        )?;
        return Ok(plain == 0);
    }
    let table = "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = 'audit_event'";
    let row = fetch_optional!(conn, (String,), table)?;
    let columns = row.as_ref().and_then(|(sql,)| columns(sql));
    let as_made = |columns: &str| tables::SQLITE.iter().any(|step| step.sql.as_str().contains(columns));
    Ok(columns.is_some_and(as_made))
}

/// What stands between the brackets of a statement that makes a table.
fn columns(sql: &str) -> Option<&str> {
    sql.get(sql.find('(')?..=sql.rfind(')')?)
}
