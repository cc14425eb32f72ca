//! Records which authentication methods changed since the last start, and the results of provider checks.

use crate::{
    commands::{CommandContext, CommandError, access::authorize},
    domain::{
        actor::Acting,
        audit::{Action, Event, Outcome, Target},
    },
    store::{Tx, audit, sign_in::authentication_methods},
};

/// Compares the authentication methods with those of the last start. A change becomes one event with old and new
/// values.
///
/// The actor is the service: the settings come from the environment, so no person in the history made the change.
pub async fn record_authentication_methods(
    context: &CommandContext,
    now_set: &[String],
) -> Result<(), CommandError> {
    let mut tx = context.db.begin().await?;
    let before = authentication_methods::read(&mut tx).await?;
    let before: Vec<&str> = before.as_deref().unwrap_or_default().lines().collect();
    if before == now_set {
        return Ok(());
    }
    authentication_methods::replace(&mut tx, &now_set.join("\n")).await?;
    let gone = before.iter().filter(|line| !now_set.iter().any(|new| new == *line)).copied();
    let new = now_set.iter().map(String::as_str).filter(|line| !before.contains(line));
    let mut event = Event::new(context.clock.now(), &Acting::service(), Action::WaysInChanged);
    event.target = Target::Settings("sign-in".to_owned());
    event.old = gone.collect::<Vec<_>>().join("; ");
    event.new = new.collect::<Vec<_>>().join("; ");
    "found so at the start".clone_into(&mut event.note);
    write(context, tx, event).await
}

/// Records that an administrator checked the provider, and the result.
pub async fn note_check(
    context: &CommandContext,
    acting: &Acting,
    issuer: &str,
    said: &Result<String, String>,
) -> Result<(), CommandError> {
    let what = Target::Provider(issuer.to_owned());
    let tx = authorize::check_admin(context, context.db.begin().await?, acting, &what).await?;
    let mut event = Event::new(context.clock.now(), acting, Action::ProviderChecked);
    event.target = what;
    let (outcome, note) = match said {
        Ok(words) => (Outcome::Done, words),
        Err(words) => (Outcome::Failed, words),
    };
    event.outcome = outcome;
    event.note.clone_from(note);
    write(context, tx, event).await
}

async fn write(context: &CommandContext, mut tx: Tx, event: Event) -> Result<(), CommandError> {
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok(())
}
