//! Tells signed heads outside the database: a line each at the end of a file that is kept elsewhere.

use std::{
    fs,
    io::{self, Write},
    path::Path,
    time::Duration,
};

use crate::{
    domain::audit::head::SignedHead,
    store::{StoreError, audit},
};

use super::{Sealer, State};

/// So many heads are told at once.
const PAGE: usize = 500;
/// After a failure the file is tried again.
const AFTER_FAILURE: Duration = Duration::from_mins(1);

impl Sealer {
    /// What is not set up any more is not spoken of on the page.
    pub(super) async fn forget_what_is_not_told(&self, state: &State) -> Result<(), StoreError> {
        let file = self.seal.heads.is_none() && !state.checked.file_problem.is_empty();
        let post = self.seal.webhook.is_none() && !state.checked.post_problem.is_empty();
        if file || post {
            let mut tx = self.db.begin().await?;
            if file {
                audit::set_file_problem(&mut tx, "").await?;
            }
            if post {
                audit::forget_post_problem(&mut tx).await?;
            }
            tx.commit().await?;
        }
        Ok(())
    }

    /// Adds to the file what it does not have yet. One that cannot be written is tried again, and nothing is lost.
    pub(super) async fn tell(&self, state: &mut State) -> Result<(), StoreError> {
        let Some(file) = &self.seal.heads else { return Ok(()) };
        let now = self.clock.now();
        if state.tell_at.is_some_and(|at| at > now) {
            return Ok(());
        }
        let heads = audit::signed_heads(&mut *self.db.read().await?, state.checked.head_told, PAGE).await?;
        let Some(last) = heads.last().map(|signed| signed.head.sequence) else { return Ok(()) };
        if let Err(error) = add(file, &heads) {
            tracing::warn!(file = %file.display(), %error, "signed heads could not be written; this is tried again");
            state.tell_at = Some(now.plus(AFTER_FAILURE));
            let mut tx = self.db.begin().await?;
            audit::set_file_problem(&mut tx, &error.to_string()).await?;
            tx.commit().await?;
            return Ok(());
        }
        let mut tx = self.db.begin().await?;
        audit::set_head_told(&mut tx, last).await?;
        tx.commit().await?;
        state.checked.head_told = last;
        Ok(())
    }
}

fn add(file: &Path, heads: &[SignedHead]) -> io::Result<()> {
    let lines: String = heads.iter().map(|signed| signed.line() + "\n").collect();
    let mut open = fs::OpenOptions::new().append(true).create(true).open(file)?;
    open.write_all(lines.as_bytes())?;
    open.sync_all()
}
