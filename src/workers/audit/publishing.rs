//! Publishes signed heads outside the database: appends one line per head to a file that is kept elsewhere.

use std::time::Duration;

use crate::{
    domain::audit::head::SignedHead,
    store::{StoreError, audit},
};

use super::{AuditWorker, State, heads_file};

/// The number of heads that are published at once.
const PAGE: usize = 500;
/// The time after a failure before the file is tried again.
const AFTER_FAILURE: Duration = Duration::from_mins(1);

impl AuditWorker {
    /// Deletes the stored problem of a file or webhook that is no longer configured, so that the page does not show
    /// it.
    pub(super) async fn forget_what_is_not_told(&self, state: &State) -> Result<(), StoreError> {
        let file = self.audit_settings.heads.is_none() && !state.checked.file_problem.is_empty();
        let post = self.audit_settings.webhook.is_none() && !state.checked.post_problem.is_empty();
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

    /// Appends the signed heads that the file does not have yet. If the file cannot be written, a later tick tries
    /// the same heads again.
    pub(super) async fn tell(&self, state: &mut State) -> Result<(), StoreError> {
        let Some(file) = &self.audit_settings.heads else { return Ok(()) };
        let now = self.clock.now();
        // A time further in the future is from before the clock was put back.
        if state.tell_at.is_some_and(|at| at > now && at <= now.plus(AFTER_FAILURE)) {
            return Ok(());
        }
        let told = match state.told {
            Some(told) => told,
            None => {
                self.told_heads().await.iter().map(|signed| signed.head.sequence).max().unwrap_or_default()
            }
        };
        state.told = Some(told);
        let mut heads = audit::signed_heads(&mut *self.db.read().await?, told, PAGE).await?;
        let Some(last) = heads.last().map(|signed| signed.head.sequence) else { return Ok(()) };
        // Anybody who can write to the database can add heads under other keys.
        let keys = self.audit_settings.keys();
        heads.retain(|signed| signed.check(&keys).is_ok());
        let path = file.clone();
        if let Err(error) = self.files.run(move || heads_file::add(&path, &heads)).await {
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
        state.told = Some(last);
        Ok(())
    }

    /// The heads in the file that are signed with trusted keys.
    pub(super) async fn told_heads(&self) -> Vec<SignedHead> {
        let Some(file) = self.audit_settings.heads.clone() else { return Vec::new() };
        let (path, keys) = (file.clone(), self.audit_settings.keys());
        self.files.run(move || heads_file::read(&path, &keys)).await.unwrap_or_else(|error| {
            tracing::warn!(file = %file.display(), %error, "the chain is not held to the file of signed heads");
            Vec::new()
        })
    }
}
