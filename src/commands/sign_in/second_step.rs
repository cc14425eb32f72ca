//! The second step of a person: offered, turned on with a first code, given new recovery codes, removed.

use crate::{
    commands::{CommandContext, CommandError, access::authorize},
    domain::{
        actor::Acting,
        audit::{Action, Event, Target},
        id::PersonId,
        secret::SecretHash,
        sign_in::{
            person::Person,
            second_step::{RECOVERY_CODES, RECOVERY_LETTERS, RecoveryCode, TotpSecret},
        },
        time::Timestamp,
    },
    store::{
        Tx, audit,
        sign_in::{pending_second_factors, people, second_steps, sessions},
    },
};

/// Makes a secret for an authenticator app. Sign-ins ask for a code only after it is confirmed. `false` if a second
/// step is on already.
pub async fn offer_second_step(
    context: &CommandContext,
    acting: &Acting,
    person: &PersonId,
) -> Result<bool, CommandError> {
    let now = context.clock.now();
    let secret = new_totp_secret()?;
    let tx = context.db.begin().await?;
    let mut tx = authorize::check_session(context, tx, acting, "begin a second step").await?;
    if !second_steps::offer(&mut tx, person, &secret, now).await? {
        return Ok(false);
    }
    write_event(&mut tx, acting, Action::SecondStepOffered, person, now, "");
    context.commit(tx).await?;
    Ok(true)
}

/// Turns the offered second step on with its first code, and returns the recovery codes. `None` if the code is
/// wrong.
pub async fn confirm_second_step(
    context: &CommandContext,
    acting: &Acting,
    person: &PersonId,
    code: &str,
) -> Result<Option<Vec<RecoveryCode>>, CommandError> {
    let now = context.clock.now();
    let tx = context.db.begin().await?;
    let mut tx = authorize::check_session(context, tx, acting, "turn the second step on").await?;
    let Some(codes) = write_confirmed(&mut tx, person, code, now).await? else {
        drop(tx);
        let what = Target::act("turn the second step on");
        crate::commands::refuse(context, acting, &what, None, "the code was not right").await?;
        return Ok(None);
    };
    write_event(&mut tx, acting, Action::SecondStepOn, person, now, "");
    context.commit(tx).await?;
    Ok(Some(codes))
}

/// Confirms the second step that the account page offered. `None` if the code is wrong.
async fn write_confirmed(
    tx: &mut Tx,
    person: &PersonId,
    code: &str,
    now: Timestamp,
) -> Result<Option<Vec<RecoveryCode>>, CommandError> {
    let offered = second_steps::find(tx, person).await?.filter(|step| step.confirmed_at.is_none());
    let Some(step) = offered.and_then(|offered| offered.secret.step_of(code, now, offered.last_step)) else {
        return Ok(None);
    };
    turn_on(tx, person, step, now).await
}

/// Turns the offered second step on. `step` is the time step of its first code. The caller commits. `None` if it is
/// on already.
pub(in crate::commands) async fn turn_on(
    tx: &mut Tx,
    person: &PersonId,
    step: i64,
    now: Timestamp,
) -> Result<Option<Vec<RecoveryCode>>, CommandError> {
    if !second_steps::confirm(tx, person, step, now).await? {
        return Ok(None);
    }
    Ok(Some(write_codes(tx, person).await?))
}

/// Replaces the recovery codes. `None` if the second step is not on.
pub async fn make_recovery_codes(
    context: &CommandContext,
    acting: &Acting,
    person: &PersonId,
) -> Result<Option<Vec<RecoveryCode>>, CommandError> {
    let tx = context.db.begin().await?;
    let mut tx = authorize::check_session(context, tx, acting, "make recovery codes").await?;
    let on = second_steps::find(&mut tx, person).await?.is_some_and(|step| step.confirmed_at.is_some());
    if !on {
        return Ok(None);
    }
    let codes = write_codes(&mut tx, person).await?;
    write_event(&mut tx, acting, Action::RecoveryCodesMade, person, context.clock.now(), "");
    context.commit(tx).await?;
    Ok(Some(codes))
}

/// Removes the second step and ends the person's sessions except `keep`. `TooLate` if it is not on.
pub async fn take_second_step_away(
    context: &CommandContext,
    acting: &Acting,
    person: &PersonId,
    keep: Option<&SecretHash>,
) -> Result<Person, CommandError> {
    let tx = context.db.begin().await?;
    let what = Target::act("remove a second step");
    let mut tx = authorize::check_own(context, tx, acting, person, &what).await?;
    let (target, _) = people::find_by_id(&mut tx, person).await?.ok_or(CommandError::NotFound)?;
    if !second_steps::delete(&mut tx, person).await? {
        return Err(CommandError::TooLate);
    }
    sessions::delete_of_person(&mut tx, person, keep).await?;
    pending_second_factors::delete_of_person(&mut tx, person).await?;
    write_event(&mut tx, acting, Action::SecondStepOff, person, context.clock.now(), &target.email);
    context.commit(tx).await?;
    Ok(target)
}

fn write_event(tx: &mut Tx, acting: &Acting, action: Action, person: &PersonId, now: Timestamp, note: &str) {
    let mut event = Event::new(now, acting, action);
    event.target = Target::Person(person.clone());
    note.clone_into(&mut event.note);
    audit::append(tx, event);
}

async fn write_codes(tx: &mut Tx, person: &PersonId) -> Result<Vec<RecoveryCode>, CommandError> {
    let mut codes = Vec::with_capacity(RECOVERY_CODES);
    for _ in 0..RECOVERY_CODES {
        let mut bytes = [0; RECOVERY_LETTERS];
        getrandom::fill(&mut bytes)?;
        codes.push(RecoveryCode::from_random(bytes));
    }
    let hashes: Vec<SecretHash> = codes.iter().map(RecoveryCode::hash).collect();
    second_steps::replace_codes(tx, person, &hashes).await?;
    Ok(codes)
}

pub(in crate::commands) fn new_totp_secret() -> Result<TotpSecret, CommandError> {
    let mut bytes = [0; 20];
    getrandom::fill(&mut bytes)?;
    Ok(TotpSecret::from_random(bytes))
}
