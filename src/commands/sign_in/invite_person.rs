//! Adds a person who sets their own password with a one-time link.

use crate::{
    commands::{CommandContext, CommandError, access::authorize, new_secret},
    domain::{
        access::Role,
        actor::Acting,
        audit::Target,
        secret::Secret,
        sign_in::{
            person::{Email, Person},
            session::LINK_LIFE,
        },
    },
    store::sign_in::password_links,
};

use super::add_person::write_person;

/// Adds the person and returns the secret of the link. Nobody else ever knows the person's password.
pub async fn invite_person(
    context: &CommandContext,
    acting: &Acting,
    email: &Email,
    role: Role,
) -> Result<(Person, Secret), CommandError> {
    let link = new_secret()?;
    let tx = context.db.begin().await?;
    let mut tx = authorize::check_admin(context, tx, acting, &Target::act("add a person")).await?;
    let person = write_person(context, &mut tx, acting, email, role, "").await?;
    password_links::replace(&mut tx, &person.id, &link.hash(), context.clock.now().plus(LINK_LIFE)).await?;
    context.commit(tx).await?;
    Ok((person, link))
}
