//! The rows of one table, as they are read from either engine.

use futures_util::{StreamExt, stream::BoxStream};
use sqlx::{
    AssertSqlSafe, Column as _, PgConnection, Row, SqliteConnection, TypeInfo, ValueRef, postgres::PgRow,
    sqlite::SqliteRow,
};

use super::{super::StoreError, tables::Table};

/// What a column of a row holds. SQLite keeps true and false as 1 and 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Null,
    Integer(i64),
    Text(String),
}

/// The values of the columns, in their order.
pub(super) type CopiedRow = Vec<Value>;

/// The rows as they come, so that no table has to fit into memory.
pub(super) type Rows<'c> = BoxStream<'c, Result<CopiedRow, StoreError>>;

pub(super) fn of_sqlite<'c>(conn: &'c mut SqliteConnection, table: &'c Table) -> Rows<'c> {
    let rows = sqlx::query(AssertSqlSafe(table.select(false))).fetch(conn);
    rows.map(|row| row.and_then(|row| from_sqlite(&row, table)).map_err(StoreError::from)).boxed()
}

pub(super) fn of_postgres<'c>(conn: &'c mut PgConnection, table: &'c Table) -> Rows<'c> {
    let rows = sqlx::query(AssertSqlSafe(table.select(true))).fetch(conn);
    rows.map(|row| row.and_then(|row| from_postgres(&row, table)).map_err(StoreError::from)).boxed()
}

fn from_sqlite(row: &SqliteRow, table: &Table) -> Result<CopiedRow, sqlx::Error> {
    let value = |(place, column): (usize, &super::tables::Column)| {
        if row.try_get_raw(place)?.is_null() {
            Ok(Value::Null)
        } else if column.is_text {
            row.try_get(place).map(Value::Text)
        } else {
            row.try_get(place).map(Value::Integer)
        }
    };
    table.columns.iter().enumerate().map(value).collect()
}

fn from_postgres(row: &PgRow, table: &Table) -> Result<CopiedRow, sqlx::Error> {
    let value = |(place, column): (usize, &super::tables::Column)| {
        if row.try_get_raw(place)?.is_null() {
            Ok(Value::Null)
        } else if column.is_text {
            row.try_get(place).map(Value::Text)
        } else if row.column(place).type_info().name() == "BOOL" {
            row.try_get(place).map(|is_true: bool| Value::Integer(is_true.into()))
        } else {
            row.try_get(place).map(Value::Integer)
        }
    };
    table.columns.iter().enumerate().map(value).collect()
}
