//! Makes an API token, limited to distributions if some are named. Its secret is shown once.

use std::time::Duration;

use crate::{
    commands::{CommandContext, CommandError, access::authorize, new_uuid, tokens::new_bearer_secret},
    domain::{
        access::{
            Role, ScopeKind,
            grant::{Grant, GrantPlace, Subject, SubjectKind},
            grant_scope::GrantScope,
        },
        actor::Acting,
        audit::{Action, Event, Target},
        id::{DistributionId, GrantId, TokenId},
        tokens::token::{Token, TokenError, TokenSecret},
    },
    store::{StoreError, Tx, access::grants, audit, distributions, tokens},
};

/// What a new token should be.
#[derive(Debug, Clone)]
pub struct NewToken {
    pub name: String,
    pub role: Role,
    /// How long it is valid. `None` if it is valid until it is revoked.
    pub life: Option<Duration>,
    /// The distributions that it may see and invalidate. Empty for all.
    pub distributions: Vec<DistributionId>,
}

/// Writes the token, its grants and the event. The secret is returned only here: the database has its hash.
pub async fn make_token(
    context: &CommandContext,
    acting: &Acting,
    new: &NewToken,
) -> Result<(Token, TokenSecret), CommandError> {
    let tx = context.db.begin().await?;
    let mut tx = authorize::check_admin(context, tx, acting, &Target::act("make a token")).await?;
    let (now, secret) = (context.clock.now(), new_bearer_secret()?);
    let token = Token {
        id: TokenId::new(new_uuid()),
        name: new.name.clone(),
        shown: secret.shown(),
        role: new.role,
        scope: if new.distributions.is_empty() { ScopeKind::Everything } else { ScopeKind::Granted },
        made_by: acting.actor.id().to_owned(),
        made_by_name: acting.actor.name().to_owned(),
        created_at: now,
        expires_at: new.life.map(|life| now.plus(life)),
        last_used_at: None,
        revoked_at: None,
        has_grants: !new.distributions.is_empty(),
    };
    match tokens::insert(&mut tx, &token, &secret.hash()).await {
        Err(StoreError::Duplicate(_)) => return Err(TokenError::Exists.into()),
        other => other?,
    }
    for distribution in &new.distributions {
        narrow(&mut tx, &token, distribution).await?;
    }
    let mut event = Event::new(now, acting, Action::TokenMade);
    event.target = Target::Token(token.id.clone());
    event.new = words(&token, new);
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok((token, secret))
}

async fn narrow(tx: &mut Tx, token: &Token, distribution: &DistributionId) -> Result<(), CommandError> {
    if distributions::find(tx, distribution).await?.is_none() {
        return Err(TokenError::NoDistribution.into());
    }
    let grant = Grant {
        id: GrantId::new(new_uuid()),
        subject: Subject { kind: SubjectKind::Token, id: token.id.to_string() },
        place: GrantPlace::Distribution(distribution.clone()),
        scope: GrantScope::whole(),
    };
    grants::insert(tx, &grant, token.created_at).await?;
    Ok(())
}

/// The description of the token for the history.
fn words(token: &Token, new: &NewToken) -> String {
    let ends = token.expires_at.map_or("until it is revoked".to_owned(), |at| format!("until {}", at.date()));
    let mut words = format!("{} ({}), {}, {ends}", token.name, token.shown, token.role.as_str());
    for (index, distribution) in new.distributions.iter().enumerate() {
        words.push_str(if index == 0 { ", only " } else { ", " });
        words.push_str(distribution.as_str());
    }
    words
}
