//! Tells signed heads outside the database: a line each at the end of a file that is kept elsewhere.

use std::{
    fs,
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
    time::Duration,
};

use crate::{
    domain::audit::head::{PublicKey, SignedHead},
    store::{StoreError, audit},
};

use super::{AuditWorker, State};

/// So many heads are told at once.
const PAGE: usize = 500;
/// How a line begins.
const BEGIN: &[u8] = b"{\"at\":\"";
/// After a failure the file is tried again.
const AFTER_FAILURE: Duration = Duration::from_mins(1);

impl AuditWorker {
    /// What is not set up any more is not spoken of on the page.
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

    /// Adds to the file what it does not have yet. One that cannot be written is tried again, and nothing is lost.
    pub(super) async fn tell(&self, state: &mut State) -> Result<(), StoreError> {
        let Some(file) = &self.audit_settings.heads else { return Ok(()) };
        let now = self.clock.now();
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
        let keys = self.audit_settings.keys();
        heads.retain(|signed| signed.check(&keys).is_ok());
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
        state.told = Some(last);
        Ok(())
    }

    /// The heads that the file has under keys that count.
    pub(super) async fn told_heads(&self) -> Vec<SignedHead> {
        let Some(file) = self.audit_settings.heads.clone() else { return Vec::new() };
        let keys = self.audit_settings.keys();
        tokio::task::spawn_blocking(move || told(&file, &keys)).await.unwrap_or_default()
    }
}

/// The heads of the file that were signed with one of these keys. Whatever else stands there says nothing about the
/// chain.
fn told(file: &Path, keys: &[PublicKey]) -> Vec<SignedHead> {
    let lines = match fs::read(file) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            tracing::warn!(file = %file.display(), %error, "the chain is not held to the file of signed heads");
            return Vec::new();
        }
    };
    let heads = lines.lines().filter_map(|line| SignedHead::parse(line).ok());
    heads.filter(|signed| signed.check(keys).is_ok()).collect()
}

/// Adds a line for each. What a full disk or a kill left of an earlier line is taken away first, so that each line is
/// whole.
fn add(file: &Path, heads: &[SignedHead]) -> io::Result<()> {
    if heads.is_empty() {
        return Ok(());
    }
    let lines: String = heads.iter().map(|signed| signed.line() + "\n").collect();
    let mut open = fs::OpenOptions::new().read(true).append(true).create(true).open(file)?;
    cut_fragment(&mut open)?;
    open.write_all(lines.as_bytes())?;
    open.sync_all()
}

/// Ends the file with a whole line. What is not ours to cut, and a file that may only grow, gets the end of the line.
fn cut_fragment(file: &mut fs::File) -> io::Result<()> {
    let length = file.metadata()?.len();
    // No line is longer.
    let from = length.saturating_sub(4_096);
    let mut end = Vec::new();
    file.seek(SeekFrom::Start(from))?;
    file.read_to_end(&mut end)?;
    let fragment = end.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    if fragment.is_empty() {
        return Ok(());
    }
    let ours = fragment.iter().zip(BEGIN).all(|(is, begin)| is == begin);
    let cut = ours.then(|| file.set_len(length - fragment.len() as u64));
    if cut.is_some_and(|cut| cut.is_ok()) { Ok(()) } else { file.write_all(b"\n") }
}
