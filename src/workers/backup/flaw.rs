//! Looks for what is wrong with a copy of the database.

use crate::{domain::audit::verify::Walk, store::Db};

use super::{super::audit::check_history, BackupError};

/// Checks the file with SQLite's own check, and the history by its chain and against the tables. Returns what was checked,
/// and the first thing that is wrong, in words.
pub(super) async fn find_flaw(copy: &Db) -> Result<(Walk, Option<String>), BackupError> {
    let damages = copy.damages().await?;
    let (walk, broken) = check_history(copy).await.map_err(BackupError::Check)?;
    let flaw = damages.into_iter().next().map(|damage| format!("SQLite says of the file: {damage}"));
    Ok((walk, flaw.or_else(|| broken.map(|broken| format!("event {}: {}", broken.sequence, broken.flaw)))))
}
