//! Takes a grant away. A person or group that has none left is not narrowed any more; a token keeps its last one.

use crate::{
    commands::{CommandContext, CommandError},
    domain::{
        access::grant::{Grant, SubjectKind},
        actor::Acting,
        audit::{Action, Event, Target},
        id::{GrantId, TokenId},
    },
    store::{Conn, StoreError, access::grants, audit, sign_in::people, tokens},
};

use super::authorize::{self, AccessRefusal};

/// Removes the grant; `named` tells how the history calls whom it was for.
pub async fn remove_grant(
    context: &CommandContext,
    acting: &Acting,
    id: &GrantId,
    named: impl Fn(&Grant) -> String,
) -> Result<(), CommandError> {
    let tx = context.db.begin().await?;
    let what = Target::new("act", "remove a grant");
    let mut tx = authorize::check_admin(context, tx, acting, &what).await?;
    // One after the other: two at once would each leave the other's.
    people::lock_admins(&mut tx).await?;
    let grant = grants::find(&mut tx, id).await?.ok_or(CommandError::NotFound)?;
    if is_last_of_token(&mut tx, &grant).await? {
        let why = "without its last grant a token is good for every distribution; revoke the token";
        return Err(authorize::refuse(context, tx, acting, &what, None, AccessRefusal::Rule(why)).await?);
    }
    if !grants::delete(&mut tx, id).await? {
        return Err(CommandError::NotFound);
    }
    let mut event = Event::new(context.clock.now(), acting, Action::GrantRemoved);
    event.target = Target::new("grant", id.as_str());
    event.old = format!("{} {}: {}", grant.subject.kind.as_str(), named(&grant), grant.describe());
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok(())
}

/// Is this all that narrows a token which was not revoked?
async fn is_last_of_token(conn: &mut Conn, grant: &Grant) -> Result<bool, StoreError> {
    if grant.subject.kind != SubjectKind::Token || grants::count_of(conn, &grant.subject).await? > 1 {
        return Ok(false);
    }
    let token = tokens::find(conn, &TokenId::from_trusted(grant.subject.id.as_str())).await?;
    Ok(token.is_some_and(|token| token.revoked_at.is_none()))
}
