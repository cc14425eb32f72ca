//! What people do: one command a file, each one write transaction that changes state and writes the audit event.

mod add_person;
mod cancel_invalidation;
mod end_session;
mod forget_search;
mod make_set_up_link;
mod password;
mod refresh_distributions;
mod refuse;
mod request_invalidation;
mod resolve_found;
mod resolve_not_there;
mod retry_invalidation;
mod save_search;
mod set_up;
mod sign_in;

pub use add_person::add_person;
pub use cancel_invalidation::cancel_invalidation;
pub use end_session::end_session;
pub use forget_search::forget_search;
pub use make_set_up_link::make_set_up_link;
pub use refresh_distributions::refresh_distributions;
pub use refuse::refuse;
pub use request_invalidation::{Requested, request_invalidation};
pub use resolve_found::resolve_found;
pub use resolve_not_there::resolve_not_there;
pub use retry_invalidation::retry_invalidation;
pub use save_search::save_search;
pub use set_up::{SetUp, set_up};
pub use sign_in::{SESSION_IDLE, SESSION_LIFE, SignedIn, open_session, refuse_sign_in, sign_in};

use crate::{
    clock::Clock,
    domain::{person::PersonError, secret::Secret},
    step,
    store::{Db, StoreError, Tx},
    wake::Bell,
};

/// What every command works with.
#[derive(Debug, Clone)]
pub struct Desk {
    pub db: Db,
    pub clock: Clock,
    pub bell: Bell,
}

impl Desk {
    /// Makes it durable, then tells the workers and the live pages.
    async fn commit(&self, tx: Tx) -> Result<(), StoreError> {
        step::reached("requesting");
        tx.commit().await?;
        step::reached("requested");
        self.bell.ring();
        Ok(())
    }
}

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum OpError {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no such thing, or not any more.
    #[error("It is not there.")]
    NotFound,
    /// Nothing is in the state that the command needs.
    #[error("It has gone on meanwhile, so nothing was changed.")]
    TooLate,
    /// A person keeps a bounded number of searches.
    #[error("You keep {0} searches already; forget one first.")]
    TooManySearches(usize),
    /// Another invalidation has this ID of CloudFront's already.
    #[error("Another invalidation here has this CloudFront ID already.")]
    BelongsToAnother,
    #[error("{0}")]
    Person(#[from] PersonError),
    /// This machine gave no random numbers, or a stored password hash is damaged.
    #[error("the password could not be worked with: {0}")]
    Password(String),
    #[error("the system gives no random numbers: {0}")]
    Random(#[from] getrandom::Error),
}

/// A new UUID of version 7, as text.
#[must_use]
pub fn new_uuid() -> String {
    uuid::Uuid::now_v7().hyphenated().to_string()
}

/// A new secret of 256 random bits.
pub fn new_secret() -> Result<Secret, OpError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(Secret::from_random(bytes))
}
