//! SQL past the store: for what the store offers no way to do, such as changing the history.

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row, SqliteConnection};

/// A connection of one engine or the other.
#[derive(Debug)]
pub enum Raw {
    Sqlite(Box<SqliteConnection>),
    Postgres(Box<PgConnection>),
}

impl Raw {
    pub async fn connect(address: &str) -> Self {
        if address.starts_with("postgres") {
            Self::Postgres(Box::new(PgConnection::connect(address).await.unwrap()))
        } else {
            let address = format!("{address}?mode=rwc");
            Self::Sqlite(Box::new(SqliteConnection::connect(&address).await.unwrap()))
        }
    }

    pub const fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// Runs statements.
    pub async fn run(&mut self, sql: &str) -> Result<(), sqlx::Error> {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(connection) => connection.execute(sqlx::raw_sql(sql)).await.map(drop),
            Self::Postgres(connection) => connection.execute(sqlx::raw_sql(sql)).await.map(drop),
        }
    }

    /// Takes away what keeps events from being changed.
    pub async fn let_events_change(&mut self) {
        let trigger = if self.is_postgres() {
            "DROP TRIGGER audit_event_is_not_changed ON audit_event"
        } else {
            "DROP TRIGGER audit_event_is_not_updated"
        };
        self.run(trigger).await.unwrap();
    }

    /// The form of an event.
    pub async fn form(&mut self, sequence: i64) -> String {
        self.texts(&format!("SELECT form FROM audit_event WHERE sequence = {sequence}")).await.remove(0)
    }

    /// Puts a form in the place of an event's.
    pub async fn set_form(&mut self, sequence: i64, form: &str) {
        let form = form.replace('\'', "''");
        self.run(&format!("UPDATE audit_event SET form = '{form}' WHERE sequence = {sequence}"))
            .await
            .unwrap();
    }

    /// Changes a text in the form of an event, as whoever owns the database can where no trigger forbids it. Gives the
    /// form that was there.
    pub async fn forge(&mut self, sequence: i64, from: &str, to: &str) -> String {
        let old = self.form(sequence).await;
        assert!(old.contains(from), "{from} is not in {old}");
        self.set_form(sequence, &old.replacen(from, to, 1)).await;
        old
    }

    /// Returns once so many connections of this PostgreSQL database wait for a lock.
    pub async fn until_waiting(&mut self, connections: i64) {
        let waiting = "SELECT count(*) FROM pg_stat_activity \
                       WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while self.number(waiting).await < connections {
            tokio::task::yield_now().await;
        }
    }

    /// The first column of all rows, as whole numbers.
    pub async fn numbers(&mut self, sql: &str) -> Vec<i64> {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(connection) => {
                connection.fetch_all(sql).await.unwrap().iter().map(|row| row.get(0)).collect()
            }
            Self::Postgres(connection) => {
                connection.fetch_all(sql).await.unwrap().iter().map(|row| row.get(0)).collect()
            }
        }
    }

    pub async fn number(&mut self, sql: &str) -> i64 {
        self.numbers(sql).await[0]
    }

    /// The first column of all rows, as text.
    pub async fn texts(&mut self, sql: &str) -> Vec<String> {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(connection) => {
                connection.fetch_all(sql).await.unwrap().iter().map(|row| row.get(0)).collect()
            }
            Self::Postgres(connection) => {
                connection.fetch_all(sql).await.unwrap().iter().map(|row| row.get(0)).collect()
            }
        }
    }
}
