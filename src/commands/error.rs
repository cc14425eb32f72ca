//! Why a command failed, and the sort of the failure. The pages, the API and the history have one answer to each
//! sort.

use crate::{
    domain::{
        access::grant::{GrantError, GroupError},
        checks::{CheckSettingsError, HandedInError},
        invalidations::{
            freeze_window::{FreezeErrors, FreezeRefusal},
            monthly_budget::BudgetError,
        },
        notifications::{ChannelError, ChannelErrors},
        sign_in::person::PersonError,
        tokens::token::TokenError,
    },
    store::StoreError,
};

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The object does not exist, or no longer exists.
    #[error("It is not there.")]
    NotFound,
    /// The object is outside the grants, so the answer is as if it did not exist. The refusal is recorded.
    #[error("It is not there.")]
    Hidden,
    /// The session ended before the command began. The refusal is recorded.
    #[error("The session has ended, so nothing was changed.")]
    SessionOver,
    /// The object is not in the state that the command needs.
    #[error("It changed in the meantime, so nothing was done.")]
    TooLate,
    #[error("A check of this distribution is running already. Wait for its result.")]
    CheckGoesOn,
    /// An administrator has not switched on that the origin of the distribution is asked.
    #[error(
        "The origin of this distribution is not asked. An administrator can turn on \"Ask the origin too\" in its check settings."
    )]
    OriginNotAsked,
    /// The buckets of the distribution are listed already, because somebody asked for it.
    #[error("The bucket of this distribution is being listed already. Wait for the result.")]
    ListingGoesOn,
    /// The person has the maximum number of saved searches.
    #[error("You have {0} saved searches already; delete one first.")]
    TooManySearches(usize),
    /// The distribution has the maximum number of path mappings.
    #[error("This distribution has {0} path mappings already; remove one on its page first.")]
    TooManyMappings(usize),
    /// Another invalidation already has this ID of CloudFront's.
    #[error("Another invalidation here has this CloudFront ID already.")]
    BelongsToAnother,
    /// The last administrator cannot be removed, because somebody must be able to manage people.
    #[error("This is the only administrator who is not disabled. Give another person the role admin first.")]
    LastAdmin,
    /// The role, the grants or another rule do not allow it. The refusal is recorded.
    #[error("{0}")]
    NotAllowed(String),
    /// A hard budget of the month would be passed. The refusal is recorded.
    #[error("{0}")]
    OverBudget(String),
    /// A freeze window asks for an override and a reason. The refusal is recorded.
    #[error("{0}")]
    Frozen(FreezeRefusal),
    #[error(transparent)]
    Freeze(#[from] FreezeErrors),
    #[error(transparent)]
    Budget(#[from] BudgetError),
    #[error(transparent)]
    Channel(#[from] ChannelErrors),
    #[error(transparent)]
    Grant(#[from] GrantError),
    #[error(transparent)]
    Group(#[from] GroupError),
    #[error(transparent)]
    CheckSettings(#[from] CheckSettingsError),
    /// What a probe handed in is refused.
    #[error("what was handed in {0}")]
    HandedIn(#[from] HandedInError),
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error(transparent)]
    Person(#[from] PersonError),
    /// Too many passwords are being hashed.
    #[error(
        "Too many people are signing in at this moment, so nothing was changed. Try again in a few seconds."
    )]
    TooManyPasswords,
    /// A stored password hash is damaged, or there is no memory for hashing.
    #[error("the password could not be worked with: {0}")]
    Password(String),
    #[error("the system gives no random numbers")]
    Random(#[from] getrandom::Error),
}

impl From<ChannelError> for CommandError {
    fn from(error: ChannelError) -> Self {
        ChannelErrors::from(error).into()
    }
}

/// The sort of a failure. It decides how the failure is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    NotFound,
    SessionOver,
    NotAllowed,
    TooLate,
    /// The input is wrong.
    Wrong,
    /// The database does not answer at the moment.
    Away,
    /// There is no capacity at the moment.
    Busy,
    /// An unexpected error. Its cause is for the log only.
    Internal,
}

impl CommandError {
    #[must_use]
    pub const fn sort(&self) -> Sort {
        match self {
            Self::NotFound | Self::Hidden => Sort::NotFound,
            Self::SessionOver => Sort::SessionOver,
            Self::NotAllowed(_) | Self::OverBudget(_) | Self::Frozen(_) => Sort::NotAllowed,
            // The page offers this only for a person without a grant, so one was added after it was shown.
            Self::Grant(GrantError::StillHeld)
            | Self::TooLate
            | Self::CheckGoesOn
            | Self::OriginNotAsked
            | Self::ListingGoesOn
            | Self::TooManySearches(_)
            | Self::TooManyMappings(_)
            | Self::BelongsToAnother
            | Self::LastAdmin => Sort::TooLate,
            Self::CheckSettings(_)
            | Self::HandedIn(_)
            | Self::Budget(_)
            | Self::Channel(_)
            | Self::Freeze(_)
            | Self::Grant(_)
            | Self::Group(_)
            | Self::Token(_) => Sort::Wrong,
            Self::Store(error) if error.is_passing() => Sort::Away,
            Self::TooManyPasswords => Sort::Busy,
            Self::Store(_) | Self::Person(_) | Self::Password(_) | Self::Random(_) => Sort::Internal,
        }
    }

    /// The reason that the caller should record in the history. `None` if the command has recorded the failure
    /// itself, or if the failure is not the actor's.
    #[must_use]
    pub fn untold(&self) -> Option<String> {
        match self {
            Self::Hidden
            | Self::SessionOver
            | Self::NotAllowed(_)
            | Self::OverBudget(_)
            | Self::Frozen(_) => None,
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
