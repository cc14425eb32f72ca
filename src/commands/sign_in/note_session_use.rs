//! Notes that somebody goes on using their session, so that it does not end unused.

use std::time::Duration;

use crate::{
    commands::{CommandContext, CommandError},
    domain::{secret::SecretHash, time::Timestamp},
    store::sign_in::sessions,
};

/// How precisely the last use of a session is kept: a write for each page would cost more than it tells.
const PRECISION: Duration = Duration::from_mins(5);

/// Notes the use of a session that was last seen then, unless that was a moment ago. It leaves no event: it says nothing
/// that the events of what the person does do not say.
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
