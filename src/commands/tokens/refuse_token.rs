//! Records that somebody used a token that is not valid.

use crate::{
    commands::{CommandContext, CommandError},
    domain::{
        actor::{Acting, Actor, Origin},
        audit::{Action, Event, Outcome, Target},
        id::TokenId,
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
    let origin = Origin { sign_in: "token".to_owned(), ..origin.clone() };
    let mut event = if let Some(token) = &found {
        let acting = Acting { actor: token.actor(), origin: Origin { session: hash.handle(), ..origin } };
        let mut event = Event::new(now, &acting, Action::TokenRefused);
        event.target = Target::Token(token.id.clone());
        event
    } else {
        let acting = Acting { actor: Actor::nobody(&secret.shown()), origin };
        Event::new(now, &acting, Action::TokenRefused)
    };
    event.outcome = Outcome::Refused;
    let why = why(found.as_ref(), now);
    event.note = format!("{why}; more of the same within a minute are in the log only");
    let mut tx = context.db.begin().await?;
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok(())
}

fn why(token: Option<&Token>, now: Timestamp) -> String {
    let Some(token) = token else { return "there is no such token here".to_owned() };
    match (token.revoked_at, token.expires_at.filter(|at| *at <= now)) {
        (Some(at), _) => format!("it was revoked at {at}"),
        (None, Some(at)) => format!("it was over at {at}"),
        (None, None) if token.created_at > now.and_a_moment() => {
            format!("it was made at {}, which is still to come", token.created_at)
        }
        (None, None) => "whoever made it is disabled".to_owned(),
    }
}
