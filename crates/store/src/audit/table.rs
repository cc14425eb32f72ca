//! Checks that the columns of the events table are still generated from the forms.

use crate::{
    Conn, StoreError,
    db::{fetch_one, fetch_optional},
    tables,
};

/// Whether the columns that lists and searches compare are generated from the forms, which the hashes protect. No
/// statement can set a generated column to another value, but the owner of the database can replace the table.
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
    // SQLite stores the statement that created the table. Its columns must be those of the migration.
    let table = "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = 'audit_event'";
    let row = fetch_optional!(conn, (String,), table)?;
    let columns = row.as_ref().and_then(|(sql,)| columns(sql));
    let as_made = |columns: &str| tables::SQLITE.iter().any(|step| step.sql.as_str().contains(columns));
    Ok(columns.is_some_and(as_made))
}

/// The columns of a `CREATE TABLE` statement: its text from the first parenthesis to the last.
fn columns(sql: &str) -> Option<&str> {
    sql.get(sql.find('(')?..=sql.rfind(')')?)
}
