//! The demo's first two weeks: two people and a pipeline refresh the sites, as [`acts`] lists it.
//!
//! All of it goes through the same commands, workers and stand-in as what follows, on a clock that is moved. So the
//! history's hashes, the states and the checks are what the service itself makes.

mod acts;
mod past;
mod people;
mod perform;

use std::{fs, io, path::Path, time::Duration};

use super::super::CliError;
use crate::domain::causes::with_causes;
use past::Past;

/// The folder within the demo's folder in which the two weeks are made.
const UNFINISHED: &str = ".first-weeks";
/// What is made there, in the order in which it is moved: the database last. Its log is there where a reader was still
/// closing when it was closed.
const MADE: [&str; 4] = ["sites", "cloudfront.jsonl", "unstale.db-wal", "unstale.db"];

/// Whether the folder is still to be made, or has nothing in it but what an interrupted start left.
pub(super) fn is_new(folder: &Path) -> Result<bool, CliError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries.collect::<io::Result<Vec<_>>>(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    };
    match entries {
        Ok(entries) => Ok(entries.iter().all(|entry| entry.file_name() == UNFINISHED)),
        Err(error) => Err(format!("the folder {} cannot be read: {error}", folder.display()).into()),
    }
}

/// Makes the two weeks in a new folder. All of it is made apart and then moved, so that a start which is interrupted
/// leaves nothing that looks finished. `complete_after` is how long an invalidation takes.
pub(super) async fn make(folder: &Path, complete_after: Duration) -> Result<(), CliError> {
    let unfinished = folder.join(UNFINISHED);
    let made = match remove(&unfinished) {
        Ok(()) => fill(&unfinished, complete_after).await,
        Err(error) => Err(error.into()),
    };
    let moved = made.and_then(|()| Ok(move_all(&unfinished, folder)?));
    moved.map_err(|error| {
        // What is left of it is of no use to anybody; the error that stopped it is the one to tell.
        let _ = remove(&unfinished);
        let (folder, why) = (folder.display(), with_causes(error.as_ref()));
        let text = format!(
            "the demo's first two weeks cannot be made in {folder}: {why}. Use --empty to start without them"
        );
        text.into()
    })
}

fn move_all(from: &Path, to: &Path) -> io::Result<()> {
    for name in MADE {
        match fs::rename(from.join(name), to.join(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => other?,
        }
    }
    remove(from)
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

async fn fill(folder: &Path, complete_after: Duration) -> Result<(), CliError> {
    fs::create_dir_all(folder)?;
    let past = Past::begin(folder, complete_after).await?;
    for act in acts::ACTS {
        past.perform(act).await?;
    }
    past.end().await;
    Ok(())
}
