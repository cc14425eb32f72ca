//! Completes a sign-in with a code of the authenticator app or a recovery code, after the password was right.

use crate::{
    commands::{CommandContext, CommandError, SignedIn, sign_in::password_sign_in::write_session},
    domain::{
        actor::{Acting, Actor, Origin},
        audit::{Action, Event, Outcome, Target},
        secret::Secret,
        sign_in::{
            person::Person,
            second_step::{RecoveryCode, TotpSecret},
        },
        time::Timestamp,
    },
    store::{
        Tx, audit,
        sign_in::{
            pending_second_factors::{self, PendingSecondFactor},
            second_steps,
        },
    },
};

use super::second_step::turn_on;

/// The number of codes that may be tried for one password.
const TRIES: i64 = 5;

/// The result of a code.
#[derive(Debug)]
pub enum SecondStepPassed {
    /// The sign-in is complete. If the second step was turned on with this code, the recovery codes are included.
    Done(SignedIn, Option<Vec<RecoveryCode>>),
    Wrong,
    /// The pending sign-in has expired or had too many tries. The person has to type the password again.
    Over,
}

/// Which kind of code was right.
enum Good {
    Code,
    Recovery,
    First(Vec<RecoveryCode>),
}

/// Checks the code of a pending sign-in.
pub async fn pass_second_step(
    context: &CommandContext,
    origin: &Origin,
    half: &Secret,
    code: &str,
) -> Result<SecondStepPassed, CommandError> {
    let now = context.clock.now();
    let hash = half.hash();
    let mut tx = context.db.begin().await?;
    let found = pending_second_factors::find(&mut tx, &hash, now).await?;
    let Some(PendingSecondFactor { person, offered }) = found else {
        write_refusal(&mut tx, origin, "", "the sign-in was over before its code came", now);
        context.commit(tx).await?;
        return Ok(SecondStepPassed::Over);
    };
    if !pending_second_factors::count_try(&mut tx, &hash, TRIES).await? {
        pending_second_factors::delete_of_person(&mut tx, &person.id).await?;
        write_refusal(&mut tx, origin, &person.email, "too many codes for one password", now);
        context.commit(tx).await?;
        return Ok(SecondStepPassed::Over);
    }
    let Some(good) = use_code(&mut tx, &person, offered.as_ref(), code, now).await? else {
        write_refusal(&mut tx, origin, &person.email, "the code was not right", now);
        context.commit(tx).await?;
        return Ok(SecondStepPassed::Wrong);
    };
    pending_second_factors::delete_of_person(&mut tx, &person.id).await?;
    let done = finish(&mut tx, origin, person, good, now).await?;
    context.commit(tx).await?;
    Ok(done)
}

async fn finish(
    tx: &mut Tx,
    origin: &Origin,
    person: Person,
    good: Good,
    now: Timestamp,
) -> Result<SecondStepPassed, CommandError> {
    let way = if matches!(good, Good::Recovery) { "password and recovery code" } else { "password and code" };
    let acting = Acting {
        actor: Actor::person(&person.id, &person.email),
        origin: Origin { sign_in: way.to_owned(), ..origin.clone() },
    };
    let codes = if let Good::First(codes) = good {
        let mut event = Event::new(now, &acting, Action::SecondStepOn);
        event.target = Target::Person(person.id.clone());
        audit::append(tx, event);
        Some(codes)
    } else {
        None
    };
    Ok(SecondStepPassed::Done(write_session(tx, &acting, person, now).await?, codes))
}

async fn use_code(
    tx: &mut Tx,
    person: &Person,
    offered: Option<&TotpSecret>,
    code: &str,
    now: Timestamp,
) -> Result<Option<Good>, CommandError> {
    let step = second_steps::find(tx, &person.id).await?.filter(|step| step.confirmed_at.is_some());
    let Some(step) = step else {
        // The secret that this sign-in offered counts, even if another one was offered elsewhere since.
        let Some(offered) = offered else { return Ok(None) };
        let Some(first) = offered.step_of(code, now, 0) else { return Ok(None) };
        second_steps::offer(tx, &person.id, offered, now).await?;
        return Ok(turn_on(tx, &person.id, first, now).await?.map(Good::First));
    };
    if let Some(used) = step.secret.step_of(code, now, step.last_step) {
        return Ok(second_steps::use_step(tx, &person.id, used).await?.then_some(Good::Code));
    }
    let Some(recovery) = RecoveryCode::parse(code) else { return Ok(None) };
    let used = second_steps::use_code(tx, &person.id, &recovery.hash(), now).await?;
    Ok(used.then_some(Good::Recovery))
}

fn write_refusal(tx: &mut Tx, origin: &Origin, claimed: &str, why: &str, now: Timestamp) {
    let origin = Origin { sign_in: "password and code".to_owned(), ..origin.clone() };
    let acting = Acting { actor: Actor::nobody(claimed), origin };
    let mut event = Event::new(now, &acting, Action::SignInRefused);
    event.outcome = Outcome::Refused;
    why.clone_into(&mut event.note);
    audit::append(tx, event);
}
