//! Records that somebody used a token that is not valid.

use crate::{
    commands::{CommandContext, CommandError},
    domain::{
        actor::{Acting, Actor, Origin},
        audit::{Action, Event, Outcome, Target},
        id::TokenId,
        secret::SecretHash,
        time::Timestamp,
        tokens::token::{Token, TokenSecret},
    },
    store::{audit, tokens},
};

/// Records which token was refused and why. Does nothing if `is_time` returns `false` for this token.
pub async fn refuse_token(
    context: &CommandContext,
    origin: &Origin,
    secret: &TokenSecret,
    is_time: impl FnOnce(Option<&TokenId>) -> bool,
) -> Result<(), CommandError> {
    let (now, hash) = (context.clock.now(), secret.hash());
    let found = tokens::find_by_hash(&mut *context.db.read().await?, &hash).await?;
    if !is_time(found.as_ref().map(|token| &token.id)) {
        return Ok(());
    }
    let refused = RefusedToken {
        known: found.as_ref().map(|token| (token.id.clone(), token.actor())),
        hash,
        shown: secret.shown(),
        why: why(found.as_ref(), now),
    };
    record(context, origin, refused).await
}

/// A token that was refused.
pub(super) struct RefusedToken {
    /// Its ID and its actor, if there is such a token.
    pub known: Option<(TokenId, Actor)>,
    pub hash: SecretHash,
    /// The first characters of its secret.
    pub shown: String,
    pub why: String,
}

/// Writes the event.
pub(super) async fn record(
    context: &CommandContext,
    origin: &Origin,
    refused: RefusedToken,
) -> Result<(), CommandError> {
    let origin = Origin { sign_in: "token".to_owned(), ..origin.clone() };
    let (target, acting) = match refused.known {
        Some((id, actor)) => {
            (Target::Token(id), Acting { actor, origin: Origin { session: refused.hash.handle(), ..origin } })
        }
        None => (Target::None, Acting { actor: Actor::nobody(&refused.shown), origin }),
    };
    let mut event = Event::new(context.clock.now(), &acting, Action::TokenRefused);
    event.target = target;
    event.outcome = Outcome::Refused;
    event.note = format!("{}; more of the same within a minute are in the log only", refused.why);
    let mut tx = context.db.begin().await?;
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok(())
}

fn why(token: Option<&Token>, now: Timestamp) -> String {
    let Some(token) = token else { return "there is no such token here".to_owned() };
    match (token.revoked_at, token.expires_at.filter(|at| *at <= now)) {
        (Some(at), _) => format!("it was revoked at {at}"),
        (None, Some(at)) => format!("it expired at {at}"),
        (None, None) if token.created_at > now.and_a_moment() => {
            format!("it was made at {}, which is still to come", token.created_at)
        }
        (None, None) => "the person who created it is disabled".to_owned(),
    }
}
