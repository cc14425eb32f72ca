//! A database for one test: a file in a folder of its own, or a new database on the server that the tests are given.

use std::{
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

use tempfile::TempDir;
use unstale::{
    domain::audit::Event,
    store::{Conn, Db, StoreError, Tx, audit, db::Read},
};
use url::Url;

use super::Raw;

/// Which database engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// A database with up-to-date tables.
#[derive(Debug)]
pub struct Database {
    pub db: Db,
    pub place: Place,
}

/// Where a database is.
#[derive(Debug)]
pub enum Place {
    Sqlite(TempDir),
    Postgres { server: Url, name: String },
}

impl Place {
    /// A place for a database that does not exist yet. A test that asks for PostgreSQL is ignored where nobody names a
    /// server.
    pub async fn new(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => Self::Sqlite(tempfile::tempdir().unwrap()),
            Engine::Postgres => {
                let server = std::env::var("UNSTALE_TEST_POSTGRES");
                let server =
                    server.expect("UNSTALE_TEST_POSTGRES is not set: run it through scripts/with-postgres");
                let server = Url::parse(&server).unwrap();
                let name = fresh_name();
                Raw::connect(server.as_str()).await.run(&format!("CREATE DATABASE {name}")).await.unwrap();
                Self::Postgres { server, name }
            }
        }
    }

    /// The address as the service takes it.
    pub fn address(&self) -> String {
        match self {
            Self::Sqlite(folder) => format!("sqlite://{}", file(folder).display()),
            Self::Postgres { server, name } => {
                let mut address = server.clone();
                address.set_path(name);
                address.to_string()
            }
        }
    }

    /// A connection beside the service's own.
    pub async fn raw(&self) -> Raw {
        Raw::connect(&self.address()).await
    }

    /// Takes it away. Connections that are open to it are ended.
    pub async fn remove(&self) {
        if let Self::Postgres { server, name } = self {
            let mut server = Raw::connect(server.as_str()).await;
            server.run(&format!("DROP DATABASE {name} WITH (FORCE)")).await.unwrap();
        }
    }
}

impl Database {
    pub async fn new(engine: Engine) -> Self {
        let place = Place::new(engine).await;
        let db = Db::open(&place.address()).await.unwrap();
        Self { db, place }
    }

    /// An SQLite database with what such a file holds.
    pub async fn copied(bytes: &[u8]) -> Self {
        // In memory where there is such a place: thousands are made, and what they wait for otherwise is the disk.
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        std::fs::write(file(&folder), bytes).unwrap();
        let place = Place::Sqlite(folder);
        let db = Db::open(&place.address()).await.unwrap();
        Self { db, place }
    }

    pub async fn read(&self) -> Read {
        self.db.read().await.unwrap()
    }

    pub async fn begin(&self) -> Tx {
        self.db.begin().await.unwrap()
    }

    /// Writes in one transaction.
    pub async fn write<T>(&self, work: impl AsyncFnOnce(&mut Tx) -> Result<T, StoreError>) -> T {
        self.try_write(work).await.unwrap()
    }

    /// Writes in one transaction; after an error nothing of it is kept.
    pub async fn try_write<T>(
        &self,
        work: impl AsyncFnOnce(&mut Tx) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut tx = self.begin().await;
        let done = work(&mut tx).await?;
        tx.commit().await?;
        Ok(done)
    }

    /// Appends one event, and gives its sequence.
    pub async fn append(&self, event: Event) -> i64 {
        self.write(async |tx| {
            audit::append(tx, event);
            Ok(())
        })
        .await;
        self.get(async |conn| audit::head(conn).await).await
    }

    /// Reads, and must succeed.
    pub async fn get<T>(&self, work: impl AsyncFnOnce(&mut Conn) -> Result<T, StoreError>) -> T {
        work(&mut *self.read().await).await.unwrap()
    }

    pub async fn raw(&self) -> Raw {
        self.place.raw().await
    }

    pub async fn remove(&self) {
        self.db.close().await;
        self.place.remove().await;
    }
}

fn file(folder: &TempDir) -> PathBuf {
    folder.path().join("unstale.db")
}

/// Tests run in several processes at once, and in several threads of one.
fn fresh_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::SeqCst);
    format!("unstale_test_{}_{}_{count}", std::process::id(), uuid::Uuid::new_v4().simple())
}
