//! Writes the rows of one table, many at a time.

use std::io::Write as _;

use sqlx::{PgConnection, QueryBuilder, Sqlite, SqliteConnection, postgres::PgCopyIn};

use super::{
    super::StoreError,
    rows::{CopiedRow, Value},
    tables::Table,
};

/// The most rows of one statement of SQLite, and about the most text that waits to be sent, in bytes.
const ROWS: usize = 100;
const TEXT: usize = 256 * 1024;

/// Rows on their way into a table.
pub(super) enum Insert<'c> {
    Sqlite {
        conn: &'c mut SqliteConnection,
        statement: String,
        rows: Vec<CopiedRow>,
        text: usize,
    },
    /// `COPY` in its text form (<https://www.postgresql.org/docs/15/sql-copy.html#id-1.9.3.55.9.2>).
    Postgres {
        copy: PgCopyIn<&'c mut PgConnection>,
        text: Vec<u8>,
    },
}

impl<'c> Insert<'c> {
    pub(super) fn into_sqlite(conn: &'c mut SqliteConnection, table: &Table) -> Self {
        let statement = format!("INSERT INTO \"{}\" ({}) ", table.name, table.column_list());
        Self::Sqlite { conn, statement, rows: Vec::new(), text: 0 }
    }

    pub(super) async fn into_postgres(conn: &'c mut PgConnection, table: &Table) -> Result<Self, StoreError> {
        let statement = format!("COPY \"{}\" ({}) FROM STDIN", table.name, table.column_list());
        let copy = conn.copy_in_raw(&statement).await?;
        Ok(Self::Postgres { copy, text: Vec::new() })
    }

    pub(super) async fn add(&mut self, row: CopiedRow) -> Result<(), StoreError> {
        let is_full = match self {
            Self::Sqlite { rows, text, .. } => {
                *text += row.iter().map(length).sum::<usize>();
                rows.push(row);
                rows.len() >= ROWS || *text >= TEXT
            }
            Self::Postgres { text, .. } => {
                write_line(&row, text);
                text.len() >= TEXT
            }
        };
        if is_full { self.send().await } else { Ok(()) }
    }

    pub(super) async fn finish(mut self) -> Result<(), StoreError> {
        self.send().await?;
        if let Self::Postgres { copy, .. } = self {
            copy.finish().await?;
        }
        Ok(())
    }

    async fn send(&mut self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite { rows, .. } if rows.is_empty() => {}
            Self::Sqlite { conn, statement, rows, text } => {
                let mut insert = QueryBuilder::<Sqlite>::new(statement.as_str());
                insert.push_values(rows.drain(..), |mut values, row| {
                    for value in row {
                        match value {
                            Value::Null => values.push_bind(None::<i64>),
                            Value::Integer(number) => values.push_bind(number),
                            Value::Text(text) => values.push_bind(text),
                        };
                    }
                });
                insert.build().execute(&mut **conn).await?;
                *text = 0;
            }
            Self::Postgres { copy, text } => {
                copy.send(text.as_slice()).await?;
                text.clear();
            }
        }
        Ok(())
    }
}

const fn length(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.len(),
        Value::Null | Value::Integer(_) => 8,
    }
}

/// A row in the text form of `COPY`: a tab between the columns, `\N` for none, and a backslash before what would end them.
fn write_line(row: &CopiedRow, line: &mut Vec<u8>) {
    for (place, value) in row.iter().enumerate() {
        if place > 0 {
            line.push(b'\t');
        }
        match value {
            Value::Null => line.extend_from_slice(b"\\N"),
            Value::Integer(number) => {
                // A list in memory takes everything.
                let _ = write!(line, "{number}");
            }
            Value::Text(text) => {
                for byte in text.bytes() {
                    match byte {
                        b'\\' => line.extend_from_slice(b"\\\\"),
                        b'\t' => line.extend_from_slice(b"\\t"),
                        b'\n' => line.extend_from_slice(b"\\n"),
                        b'\r' => line.extend_from_slice(b"\\r"),
                        other => line.push(other),
                    }
                }
            }
        }
    }
    line.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_keeps_what_would_end_it() {
        let text = |text: &str| Value::Text(text.to_owned());
        let row =
            vec![text("a\tb\nc\rd\\N"), Value::Null, Value::Integer(-7), text(""), text("\\."), text("ä")];
        let mut line = Vec::new();
        write_line(&row, &mut line);
        assert_eq!(String::from_utf8(line).unwrap(), "a\\tb\\nc\\rd\\\\N\t\\N\t-7\t\t\\\\.\tä\n");
    }
}
