//! The tables whose rows are copied, and their columns, as the migrations make them.

use std::fmt::Write as _;

use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use super::super::{StoreError, tables::SQLITE};

/// A table whose rows are copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub name: String,
    pub(super) columns: Vec<Column>,
    /// The migrations put rows into it.
    pub(super) is_seeded: bool,
}

/// A column that is stored, and not worked out of others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub name: String,
    /// It holds text. All others hold whole numbers, or true and false.
    pub is_text: bool,
    /// Its position in the primary key, from 1; 0 if it is not in it.
    pub key: i64,
}

impl Table {
    /// All tables, each behind those that it refers to. Without those of the search index.
    pub async fn all() -> Result<Vec<Self>, StoreError> {
        let mut new = SqliteConnectOptions::new().in_memory(true).connect().await?;
        SQLITE.run(&mut new).await?;
        let mut tables: Vec<Self> = Vec::new();
        for (table, column, kind, key) in columns(&mut new).await? {
            let column = Column { name: column, is_text: kind == "TEXT", key };
            match tables.last_mut().filter(|last| last.name == table) {
                Some(last) => last.columns.push(column),
                None => tables.push(Self { name: table, columns: vec![column], is_seeded: false }),
            }
        }
        for table in &mut tables {
            let filled = format!("SELECT EXISTS (SELECT 1 FROM \"{}\")", table.name);
            table.is_seeded = sqlx::query_scalar(sqlx::AssertSqlSafe(filled)).fetch_one(&mut new).await?;
        }
        new.close().await?;
        Ok(tables)
    }

    /// The names of the columns, as both engines take them in a list.
    pub(super) fn column_list(&self) -> String {
        let names: Vec<String> = self.columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
        names.join(", ")
    }

    /// Reads all rows in the order of the key, which is the same on both engines.
    pub(super) fn select(&self, is_postgres: bool) -> String {
        let mut select = format!("SELECT {} FROM \"{}\"", self.column_list(), self.name);
        let mut key: Vec<&Column> = self.columns.iter().filter(|column| column.key > 0).collect();
        key.sort_by_key(|column| column.key);
        for (place, column) in key.into_iter().enumerate() {
            let begin = if place == 0 { " ORDER BY" } else { "," };
            // Else PostgreSQL sorts text by the rules of a language.
            let collation = if is_postgres && column.is_text { " COLLATE \"C\"" } else { "" };
            let _ = write!(select, "{begin} \"{}\"{collation}", column.name);
        }
        select
    }
}

/// The name of the table, the name of the column, its type, and its position in the primary key.
type ColumnRow = (String, String, String, i64);

async fn columns(conn: &mut SqliteConnection) -> Result<Vec<ColumnRow>, StoreError> {
    // Tables are made in an order in which each can refer to those before it. `hidden` tells columns that are worked out;
    // the type `table` has neither virtual tables nor those that these keep their data in.
    let columns = sqlx::query_as(
        "SELECT s.name, c.name, c.type, c.pk
         FROM sqlite_schema s
         JOIN pragma_table_list l ON l.name = s.name AND l.schema = 'main' AND l.type = 'table'
         JOIN pragma_table_xinfo(s.name) c ON c.hidden = 0
         WHERE s.type = 'table' AND s.name NOT GLOB 'sqlite_*' AND s.name <> '_sqlx_migrations'
         AND s.name NOT IN ('audit_index', 'audit_item')
         ORDER BY s.rowid, c.cid",
    );
    Ok(columns.fetch_all(conn).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_table_comes_behind_those_that_it_refers_to_and_has_a_key() {
        let tables = Table::all().await.unwrap();
        let place = |name: &str| tables.iter().position(|table| table.name == name).unwrap();
        assert!(place("person") < place("session") && place("invalidation") < place("batch"));
        assert!(place("check_run") < place("url_check") && place("url_check") < place("vantage_check"));
        assert!(tables.iter().all(|table| table.columns.iter().any(|column| column.key == 1)), "{tables:?}");
        assert!(tables.iter().all(|table| !table.name.starts_with("audit_words")));
    }

    #[tokio::test]
    async fn what_is_worked_out_of_other_columns_is_not_copied() {
        let tables = Table::all().await.unwrap();
        let events = tables.iter().find(|table| table.name == "audit_event").unwrap();
        assert_eq!(events.column_list(), r#""sequence", "form", "hash""#);
        assert_eq!(
            events.select(true),
            r#"SELECT "sequence", "form", "hash" FROM "audit_event" ORDER BY "sequence""#
        );
        let codes = tables.iter().find(|table| table.name == "recovery_code").unwrap();
        assert!(codes.select(true).ends_with(r#"ORDER BY "person_id" COLLATE "C", "code_hash" COLLATE "C""#));
        assert!(codes.select(false).ends_with(r#"ORDER BY "person_id", "code_hash""#));
    }

    #[tokio::test]
    async fn the_tables_that_migrations_fill_are_known() {
        let tables = Table::all().await.unwrap();
        let seeded: Vec<&str> =
            tables.iter().filter(|table| table.is_seeded).map(|table| table.name.as_str()).collect();
        assert!(seeded.contains(&"audit_head") && seeded.contains(&"survey"), "{seeded:?}");
        assert!(!seeded.contains(&"audit_event") && !seeded.contains(&"person"), "{seeded:?}");
    }
}
