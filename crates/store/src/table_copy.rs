//! Copies the rows of all tables from one database into another, of whichever engine, and compares them row by row.
//!
//! The search index of the history is not copied, because each engine keeps it in its own way: the service makes a new one.

mod insert;
mod rows;
mod source;
mod tables;
mod target;

pub use source::{CopySource, is_in_use};
pub use tables::Table;
pub use target::CopyTarget;

use futures_util::TryStreamExt;

use super::StoreError;

/// The first row that is not the same on both sides. `what` says which, without its content, which may be secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("table {table}: {what}")]
pub struct RowDifference {
    pub table: String,
    pub what: String,
}

/// Copies all rows of a table. Returns how many there are.
pub async fn copy_table(
    source: &mut CopySource,
    target: &mut CopyTarget,
    table: &Table,
) -> Result<u64, StoreError> {
    let mut rows = source.rows(table);
    let mut insert = target.insert(table).await?;
    let mut copied = 0;
    while let Some(row) = rows.try_next().await? {
        insert.add(row).await?;
        copied += 1;
    }
    insert.finish().await?;
    Ok(copied)
}

/// Reads a table from both sides, in the order of its key, and returns the first difference.
pub async fn compare_table(
    source: &mut CopySource,
    target: &mut CopyTarget,
    table: &Table,
) -> Result<Option<RowDifference>, StoreError> {
    let mut copied = target.rows(table);
    let mut rows = source.rows(table);
    let mut number = 0_u64;
    loop {
        number += 1;
        let what = match (rows.try_next().await?, copied.try_next().await?) {
            (None, None) => return Ok(None),
            (Some(row), Some(copy)) if row == copy => continue,
            (Some(_), Some(_)) => format!("row {number} is another one"),
            (Some(_), None) => format!("row {number} is missing"),
            (None, Some(_)) => format!("row {number} should not be there"),
        };
        return Ok(Some(RowDifference { table: table.name.clone(), what }));
    }
}
