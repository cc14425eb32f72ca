//! Sets Unstale up: the first account, an administrator, with the one-time link.

use crate::{
    commands::{CommandContext, CommandError, SignedIn, refuse, sign_in::password_sign_in::write_session},
    domain::{
        access::Role,
        actor::{Acting, Actor, Origin},
        audit::{Action, Event, Target},
        secret::Secret,
        sign_in::{password::check_password, person::Email},
    },
    store::{audit, sign_in::people},
};

use super::{add_person::write_person, password};

/// The result of the set-up.
#[derive(Debug)]
pub enum SetUp {
    Done(SignedIn),
    /// The link was used, has expired, or never existed.
    LinkIsNotGood,
}

/// Uses the link up, adds the administrator and signs them in, all in one transaction.
pub async fn set_up(
    context: &CommandContext,
    origin: &Origin,
    link: &Secret,
    email: &Email,
    password: &str,
) -> Result<SetUp, CommandError> {
    check_password(password, email.as_str())?;
    let hash = password::hash(password).await?;
    let now = context.clock.now();
    let mut tx = context.db.begin().await?;
    let good = people::use_set_up_link(&mut tx, &link.hash(), now).await?;
    if !good || !people::is_empty(&mut tx).await? {
        drop(tx);
        let acting = Acting { actor: Actor::nobody(email.as_str()), origin: origin.clone() };
        let what = Target::act("set Unstale up");
        refuse(context, &acting, &what, None, "the set-up link is not valid").await?;
        return Ok(SetUp::LinkIsNotGood);
    }
    let origin = Origin { sign_in: "setup link".to_owned(), ..origin.clone() };
    let acting = Acting { actor: Actor::nobody(email.as_str()), origin };
    let person = write_person(context, &mut tx, &acting, email, Role::Admin, &hash).await?;
    let acting = Acting { actor: Actor::person(&person.id, &person.email), origin: acting.origin.clone() };
    audit::append(&mut tx, Event::new(now, &acting, Action::SetUp));
    let signed_in = write_session(&mut tx, &acting, person, now).await?;
    context.commit(tx).await?;
    Ok(SetUp::Done(signed_in))
}
