//! Copies a database into another one, of whichever engine, for the command line. No service uses either meanwhile.

use std::path::{Path, PathBuf};

use crate::{
    domain::audit::head::Head,
    file_thread::FileThread,
    store::{
        Db, StoreError,
        instance_lock::{self, InstanceLock, LockError},
        table_copy::{self, CopySource, CopyTarget, RowDifference, Table},
    },
};

use super::{
    BackupError,
    flaw::find_flaw,
    make::{on_file_thread, take_partial},
    owner::{give_to_its_owner, part_of},
};

/// A database that was copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopiedDatabase {
    /// How many tables and rows were copied and compared.
    pub tables: usize,
    pub rows: u64,
    /// How many events were checked.
    pub events: u64,
    /// The last event of the history, which is the same in both.
    pub last: Head,
    /// What is wrong with the history, in both. `None` if it is intact.
    pub flaw: Option<String>,
}

/// Why a database was not copied. The one that was to be copied has not changed.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    #[error("a database in memory is not copied; name a file, such as sqlite:///var/lib/unstale/unstale.db")]
    InMemory,
    #[error("there is no database {0}")]
    Missing(PathBuf),
    #[error("{0} exists already, and nothing is overwritten; name a file that does not exist yet")]
    Exists(PathBuf),
    #[error(
        "the database to copy into has rows already, and nothing is overwritten; name one that is new and empty"
    )]
    NotEmpty,
    #[error("another Unstale uses {0}: stop the service, and wait until its commands have ended")]
    InUse(&'static str),
    #[error("the copy is not the same as the database, and was given up")]
    Differs(#[source] RowDifference),
    #[error(transparent)]
    Locked(#[from] LockError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    File(#[from] BackupError),
}

/// Copies all rows of the database at the address `from` into the one at `to`, and compares them row by row. The history is
/// checked before. `to` names a file that does not exist or an empty database of PostgreSQL, which get their content in one
/// step at the end. No service may use either, because both would send what waits.
pub async fn copy(from: &str, to: &str) -> Result<CopiedDatabase, CopyError> {
    let _lock = reserve(from).await?;
    let source = Db::open_to_look(from).await?;
    let found = find_flaw(&source).await;
    source.close().await;
    let (walk, flaw) = found?;
    let tables = Table::all().await?;
    let rows = if is_postgres(to)? {
        into_postgres(from, to, &tables).await?
    } else {
        let file = Db::file_of(to)?.ok_or(CopyError::InMemory)?;
        into_file(from, &file, &tables).await?
    };
    Ok(CopiedDatabase { tables: tables.len(), rows, events: walk.checked(), last: walk.last().clone(), flaw })
}

fn is_postgres(address: &str) -> Result<bool, StoreError> {
    Ok(Db::file_of(address)?.is_none() && !address.starts_with("sqlite:"))
}

/// Makes sure that nobody serves the database that is copied. Of an SQLite file the lock is kept until the copy is made.
async fn reserve(from: &str) -> Result<Option<InstanceLock>, CopyError> {
    if is_postgres(from)? {
        return if table_copy::is_in_use(from).await? {
            Err(CopyError::InUse("the database to copy"))
        } else {
            Ok(None)
        };
    }
    let file = Db::file_of(from)?.ok_or(CopyError::InMemory)?;
    if !file.metadata().is_ok_and(|about| about.len() > 0) {
        return Err(CopyError::Missing(file));
    }
    Ok(Some(instance_lock::take(&file)?))
}

async fn into_postgres(from: &str, to: &str, tables: &[Table]) -> Result<u64, CopyError> {
    if table_copy::is_in_use(to).await? {
        return Err(CopyError::InUse("the database to copy into"));
    }
    // Its tables are brought up to date.
    Db::open(to).await?.close().await;
    let target = CopyTarget::open_postgres(to, tables).await?.ok_or(CopyError::NotEmpty)?;
    fill(from, target, tables).await
}

async fn into_file(from: &str, file: &Path, tables: &[Table]) -> Result<u64, CopyError> {
    if file.symlink_metadata().is_ok() {
        return Err(CopyError::Exists(file.to_owned()));
    }
    let files = FileThread::default();
    let part = part_of(file);
    let partial = take_partial(&files, &part).await?;
    Db::open_file(&part).await?.close().await;
    let target = CopyTarget::open_file(&part, tables).await?;
    let rows = fill(from, target, tables).await?;
    let name = file.to_owned();
    let finish = move || {
        give_to_its_owner(&name, partial.path());
        partial.finish(&name)
    };
    on_file_thread(&files, finish).await?;
    Ok(rows)
}

/// Copies all tables, and compares them before anybody can see the copy. Returns how many rows there are.
async fn fill(from: &str, mut target: CopyTarget, tables: &[Table]) -> Result<u64, CopyError> {
    let mut source = CopySource::open(from).await?;
    let mut rows = 0;
    for table in tables {
        rows += table_copy::copy_table(&mut source, &mut target, table).await?;
    }
    for table in tables {
        if let Some(difference) = table_copy::compare_table(&mut source, &mut target, table).await? {
            return Err(CopyError::Differs(difference));
        }
    }
    target.finish().await?;
    Ok(rows)
}
