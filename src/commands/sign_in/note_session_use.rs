//! Records that a session is in use, so that it does not end for inactivity.

use std::time::Duration;

use crate::{
    commands::{CommandContext, CommandError},
    domain::{secret::SecretHash, time::Timestamp},
    store::sign_in::sessions,
};

/// How precisely the last use of a session is stored. A write for each page would cost too much.
const PRECISION: Duration = Duration::from_mins(5);

/// Records the use of a session, unless it was recorded within `PRECISION`. It writes no audit event, because the
/// events of what the person does already show that the session was used.
pub async fn note_session_use(
    context: &CommandContext,
    session: &SecretHash,
    last_seen_at: Timestamp,
) -> Result<(), CommandError> {
    let now = context.clock.now();
    if now.is_soon_after(last_seen_at, PRECISION) {
        return Ok(());
    }
    let mut tx = context.db.begin().await?;
    sessions::touch(&mut tx, session, now).await?;
    Ok(tx.commit().await?)
}
