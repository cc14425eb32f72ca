//! The demo's first two weeks: two people and a pipeline refresh the sites, as [`acts`] lists it.
//!
//! All of it goes through the same commands, workers and stand-in as what follows, on a clock that is moved. So the
//! history's hashes, the states and the checks are what the service itself makes.

mod acts;
mod past;
mod people;
mod play;

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use super::super::CliError;
use past::Past;

/// Whether the folder is still to be made, or has nothing in it.
pub(super) fn is_new(folder: &Path) -> Result<bool, CliError> {
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(format!("the folder {} cannot be read: {error}", folder.display()).into()),
    }
}

/// Makes the folder with the two weeks in it. It is made under another name first, so that a start which is
/// interrupted leaves no half of it. `complete_after` is how long an invalidation takes.
pub(super) async fn make(folder: &Path, complete_after: Duration) -> Result<(), CliError> {
    let unfinished = unfinished_name(folder)?;
    let made = fill(&unfinished, complete_after).await;
    let moved = made.and_then(|()| Ok(fs::rename(&unfinished, folder)?));
    moved.map_err(|error| {
        // What is left of it is of no use to anybody; the error that stopped it is the one to tell.
        let _ = fs::remove_dir_all(&unfinished);
        format!(
            "the demo's first two weeks cannot be made in {}: {error}. With --empty it starts without them",
            folder.display()
        )
        .into()
    })
}

/// A name beside the folder, on the same file system, that no other process uses.
fn unfinished_name(folder: &Path) -> io::Result<PathBuf> {
    let whole = std::path::absolute(folder)?;
    let mut name = whole.file_name().unwrap_or_default().to_owned();
    name.push(format!(".new-{}", std::process::id()));
    Ok(whole.with_file_name(name))
}

async fn fill(folder: &Path, complete_after: Duration) -> Result<(), CliError> {
    fs::create_dir_all(folder)?;
    let past = Past::begin(folder, complete_after).await?;
    for act in acts::ACTS {
        past.play(act).await?;
    }
    past.end().await;
    Ok(())
}
