//! Why a command was not carried out, and of which sort that is: the pages, the API and the history have one answer to
//! each sort.

use crate::{
    domain::{
        access::grant::{GrantError, GroupError},
        sign_in::person::PersonError,
        tokens::token::TokenError,
    },
    store::StoreError,
};

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no such thing, or not any more.
    #[error("It is not there.")]
    NotFound,
    /// It is outside the grants, so it is not even named; that is in the history.
    #[error("It is not there.")]
    Hidden,
    /// What let the actor in ended before the command began; that is in the history.
    #[error("The session is over, so nothing was changed.")]
    SessionOver,
    /// Nothing is in the state that the command needs.
    #[error("It has gone on meanwhile, so nothing was changed.")]
    TooLate,
    /// A person keeps a bounded number of searches.
    #[error("You keep {0} searches already; forget one first.")]
    TooManySearches(usize),
    /// Another invalidation has this ID of CloudFront's already.
    #[error("Another invalidation here has this CloudFront ID already.")]
    BelongsToAnother,
    /// Somebody has to be able to manage people.
    #[error("This is the only administrator who is not disabled. Make somebody else an administrator first.")]
    LastAdmin,
    /// Role, grants or another rule do not allow it; that is in the history.
    #[error("{0}")]
    NotAllowed(String),
    #[error(transparent)]
    Grant(#[from] GrantError),
    #[error(transparent)]
    Group(#[from] GroupError),
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error(transparent)]
    Person(#[from] PersonError),
    /// More passwords are being worked on than there is room for.
    #[error(
        "Too many people are signing in at this moment, so nothing was changed. Try again in a few seconds."
    )]
    TooManyPasswords,
    /// A stored password hash is damaged, or there is no memory for one.
    #[error("the password could not be worked with: {0}")]
    Password(String),
    #[error("the system gives no random numbers")]
    Random(#[from] getrandom::Error),
}

/// How a failure is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    NotFound,
    SessionOver,
    NotAllowed,
    TooLate,
    /// What was asked for is not right in itself.
    Wrong,
    /// The database does not answer for the moment.
    Away,
    /// There is no room for it now.
    Busy,
    /// The cause is for the log only.
    Internal,
}

impl CommandError {
    #[must_use]
    pub const fn sort(&self) -> Sort {
        match self {
            Self::NotFound | Self::Hidden => Sort::NotFound,
            Self::SessionOver => Sort::SessionOver,
            Self::NotAllowed(_) => Sort::NotAllowed,
            // The page offers it only where no grant is left: one was added since.
            Self::Grant(GrantError::StillHeld)
            | Self::TooLate
            | Self::TooManySearches(_)
            | Self::BelongsToAnother
            | Self::LastAdmin => Sort::TooLate,
            Self::Grant(_) | Self::Group(_) | Self::Token(_) => Sort::Wrong,
            Self::Store(error) if error.is_passing() => Sort::Away,
            Self::TooManyPasswords => Sort::Busy,
            Self::Store(_) | Self::Person(_) | Self::Password(_) | Self::Random(_) => Sort::Internal,
        }
    }

    /// What the history is still to say of it; nothing where the command has said it, or nobody asked wrongly.
    #[must_use]
    pub fn untold(&self) -> Option<String> {
        match self {
            Self::Hidden | Self::SessionOver | Self::NotAllowed(_) => None,
            Self::NotFound => Some("there is no such thing".to_owned()),
            Self::Person(error) => Some(error.to_string()),
            other => match other.sort() {
                Sort::Away | Sort::Busy | Sort::Internal => None,
                Sort::NotFound | Sort::SessionOver | Sort::NotAllowed | Sort::TooLate | Sort::Wrong => {
                    Some(other.to_string())
                }
            },
        }
    }
}
