//! Sets what the checks of a distribution look at.

use crate::{
    commands::{CommandContext, CommandError, access::authorize},
    domain::{
        actor::Acting,
        audit::{Action, Event, Target},
        checks::{CheckSettings, NewCheckSettings, Sealing},
        id::DistributionId,
        secrets_key::SealingNonce,
    },
    store::{audit, checks, distributions},
};

/// Checks and sets the settings, with their secrets encrypted. The event is written even if nothing changes.
pub async fn set_check_settings(
    context: &CommandContext,
    acting: &Acting,
    id: &DistributionId,
    new: NewCheckSettings,
) -> Result<CheckSettings, CommandError> {
    let tx = context.db.begin().await?;
    let what = Target::act("set the checks of a distribution");
    let mut tx = authorize::check_admin(context, tx, acting, &what).await?;
    let distribution = distributions::find(&mut tx, id).await?.ok_or(CommandError::NotFound)?;
    let old = checks::settings::find(&mut tx, id).await?;
    let mut sealing = Sealing { key: context.secrets_key.as_deref(), nonces: new_nonces()? };
    let new = new.checked(&distribution, &old, &mut sealing)?;
    checks::settings::set(&mut tx, id, &new).await?;
    let mut event = Event::new(context.clock.now(), acting, Action::CheckSettingsChanged);
    event.target = Target::Distribution(id.clone());
    event.distribution = Some(id.clone());
    event.old = old.describe();
    event.new = new.describe();
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok(new)
}

/// As many as settings can need.
fn new_nonces() -> Result<Vec<SealingNonce>, CommandError> {
    let mut nonces = vec![SealingNonce::default(); Sealing::MAX];
    nonces.iter_mut().try_for_each(|nonce| getrandom::fill(nonce))?;
    Ok(nonces)
}
