//! What people do: one command a file, each one write transaction that changes state and writes the audit event.

mod accepted;
mod add_grant;
mod add_group;
mod add_person;
mod approve_proposal;
mod authenticate_token;
mod authorize;
mod cancel_invalidation;
mod change_member;
mod change_role;
mod cooldown;
mod counter;
mod decline_proposal;
mod delete_group;
mod disable_person;
mod end_session;
mod error;
mod external_sign_in;
mod forget_search;
mod host_table;
mod invite_person;
mod look_around;
mod make_set_up_link;
mod make_token;
mod pass_second_step;
mod password;
mod propose;
mod protect_distribution;
mod quotas;
mod record_authentication_methods;
mod refresh_distributions;
mod refuse;
mod refuse_header;
mod refuse_token;
mod remove_grant;
mod request_again;
mod request_invalidation;
mod reset_password;
mod resolve_found;
mod resolve_not_there;
mod retry_invalidation;
mod revoke_token;
mod save_search;
mod second_step;
mod set_password;
mod set_up;
mod sign_in;
mod turn;
mod withdraw;

pub use add_grant::add_grant;
pub use add_group::add_group;
pub use add_person::add_person;
pub use approve_proposal::approve_proposal;
pub use authenticate_token::authenticate_token;
pub use cancel_invalidation::cancel_invalidation;
pub use change_member::{add_member, remove_member};
pub use change_role::change_role;
pub use decline_proposal::decline_proposal;
pub use delete_group::delete_group;
pub use disable_person::{disable_person, enable_person};
pub use end_session::{end_other_session, end_session, end_sessions};
pub use error::{CommandError, Sort};
pub use external_sign_in::{ExternalRules, Refusal, sign_in_by_provider, sign_in_by_proxy};
pub use forget_search::forget_search;
pub use host_table::host_table;
pub use invite_person::invite_person;
pub use look_around::look_around;
pub use make_set_up_link::make_set_up_link;
pub use make_token::{NewToken, make_token};
pub use pass_second_step::{SecondStepPassed, pass_second_step};
pub use protect_distribution::protect_distribution;
pub use record_authentication_methods::{note_check, record_authentication_methods};
pub use refresh_distributions::refresh_distributions;
pub use refuse::{Attempt, refuse, refuse_attempt};
pub use refuse_header::refuse_header;
pub use refuse_token::refuse_token;
pub use remove_grant::remove_grant;
pub use request_invalidation::{Requested, Unmet, request_invalidation};
pub use reset_password::{reset_password, reset_password_with_link};
pub use resolve_found::resolve_found;
pub use resolve_not_there::resolve_not_there;
pub use retry_invalidation::retry_invalidation;
pub use revoke_token::revoke_token;
pub use save_search::save_search;
pub use second_step::{confirm_second_step, make_recovery_codes, offer_second_step, take_second_step_away};
pub use set_password::{change_password, check_own_password, set_password_with_link};
pub use set_up::{SetUp, set_up};
pub use sign_in::{SignIn, SignedIn, open_session, refuse_sign_in, sign_in};

use crate::{
    clock::Clock,
    domain::{quotas::Quotas, secret::Secret},
    failpoint,
    notify::Notifier,
    store::{Db, StoreError, Tx},
};
use counter::Counter;
use quotas::Tally;

/// What every command works with.
#[derive(Debug, Clone)]
pub struct CommandContext {
    pub db: Db,
    pub clock: Clock,
    pub notifier: Notifier,
    /// How much one actor may ask for.
    pub quotas: Quotas,
    counter: Counter,
    tally: Tally,
}

impl CommandContext {
    #[must_use]
    pub fn new(db: Db, clock: Clock, notifier: Notifier) -> Self {
        Self {
            db,
            clock,
            notifier,
            quotas: Quotas::default(),
            counter: Counter::default(),
            tally: Tally::default(),
        }
    }

    /// Keeps to these bounds.
    #[must_use]
    pub fn with_quotas(self, quotas: Quotas) -> Self {
        Self { quotas, ..self }
    }

    /// Makes it durable, then tells the workers and the live pages.
    async fn commit(&self, tx: Tx) -> Result<(), StoreError> {
        failpoint::hit("requesting");
        tx.commit().await?;
        failpoint::hit("requested");
        self.notifier.notify();
        Ok(())
    }
}

/// A new UUID of version 7, as text.
#[must_use]
pub fn new_uuid() -> String {
    uuid::Uuid::now_v7().hyphenated().to_string()
}

/// A new secret of 256 random bits.
pub fn new_secret() -> Result<Secret, CommandError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(Secret::from_random(bytes))
}
