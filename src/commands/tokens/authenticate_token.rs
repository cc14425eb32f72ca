//! Authenticates a token, and reads what it may do now.

use std::time::Duration;

use crate::{
    commands::{CommandContext, CommandError},
    domain::causes::with_causes,
    domain::{
        access::Access,
        actor::{Acting, Origin},
        tokens::token::{Token, TokenSecret},
    },
    store::{access, tokens},
};

/// How precisely the last use of a token is stored.
const TOUCH_EVERY: Duration = Duration::from_mins(1);

/// The token, its actor, and what it may do, which is never more than its maker may do now. `None` if the token is
/// unknown, revoked or expired, or if its creator is disabled.
pub async fn authenticate_token(
    context: &CommandContext,
    origin: Origin,
    secret: &TokenSecret,
) -> Result<Option<(Token, Acting, Access)>, CommandError> {
    let (now, hash) = (context.clock.now(), secret.hash());
    let mut conn = context.db.read().await?;
    let Some(token) = tokens::find_by_hash(&mut conn, &hash).await? else { return Ok(None) };
    if !token.is_good(now) {
        return Ok(None);
    }
    let Some(access) = access::of_token(&mut conn, &token).await? else { return Ok(None) };
    drop(conn);
    if !token.last_used_at.is_some_and(|at| now.is_soon_after(at, TOUCH_EVERY)) {
        touch(context, &token).await;
    }
    let actor = token.actor();
    let origin = Origin { sign_in: "token".to_owned(), session: hash.handle(), ..origin };
    Ok(Some((token, Acting { actor, origin }, access)))
}

/// Records the use. An error is only logged, because the request must work even if the database takes no writes.
async fn touch(context: &CommandContext, token: &Token) {
    let write = async {
        let mut tx = context.db.begin().await?;
        tokens::touch(&mut tx, &token.id, context.clock.now()).await?;
        tx.commit().await
    };
    if let Err(error) = write.await {
        tracing::warn!(error = %with_causes(&error), "the use of a token could not be noted");
    }
}
