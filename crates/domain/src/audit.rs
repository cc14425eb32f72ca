//! The history: what an event says, its canonical form, and the chain of hashes.
//!
//! The canonical form is JSON after RFC 8785: keys sorted, no white space, only text, whole numbers, lists and null.
//! Each event's form holds the hash of the one before it, so that a change anywhere shows in every later hash.

pub mod asked;
pub mod attempted;
pub mod canonical;
pub mod export;
pub mod facts;
pub mod head;
mod items;
mod ocsf;
pub mod saved_search;
pub mod search;
pub mod segment;
mod storable;
pub mod verify;
pub mod visibility;
mod what;
mod words;

pub use items::ItemsRecord;

use canonical::CanonicalFields;

use super::{
    actor::{Acting, ActorKind},
    id::{DistributionId, InvalidationId},
    secret::sha256_hex,
    time::Timestamp,
};
use crate::invalidations::invalidation::{Invalidation, InvalidationState};

/// The version of the canonical form.
pub const VERSION: i64 = 1;
/// What the first event names as the hash before it.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// What the note of something made outside has before its time.
const MADE_AT: &str = "made at ";
const TIME_LENGTH: usize = "2026-11-23T09:15:00.000000Z".len();

macro_rules! actions {
    ($($name:ident = $text:literal, $words:literal;)*) => {
        /// What was done.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Action { $($name),* }

        impl Action {
            /// Every action there is.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// A stable word for the database and for programs.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }

            /// The same for people.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self { $(Self::$name => $words),* }
            }
        }
    };
}

actions! {
    InvalidationRequested = "invalidation.requested", "Invalidation requested";
    InvalidationCancelled = "invalidation.cancelled", "Invalidation cancelled";
    InvalidationRetried = "invalidation.retried", "Invalidation retried";
    InvalidationSeen = "invalidation.seen", "Invalidation seen";
    InvalidationTraced = "invalidation.traced", "Found in CloudTrail";
    RepeatHeldBack = "invalidation.repeat_held_back", "Repeat held back";
    ProposalMade = "proposal.made", "Approval asked for";
    ProposalApproved = "proposal.approved", "Approved and requested";
    ProposalDeclined = "proposal.declined", "Approval declined";
    ProtectionOverridden = "protection.overridden", "Protection overridden";
    ProtectionChanged = "protection.changed", "Protection changed";
    GrantAdded = "grant.added", "Grant added";
    GrantRemoved = "grant.removed", "Grant removed";
    TokenMade = "token.made", "Token made";
    TokenRevoked = "token.revoked", "Token revoked";
    TokenRefused = "token.refused", "Token refused";
    GroupAdded = "group.added", "Group added";
    GroupDeleted = "group.deleted", "Group deleted";
    GroupMemberAdded = "group.member_added", "Person added to a group";
    GroupMemberRemoved = "group.member_removed", "Person taken out of a group";
    BatchAccepted = "batch.accepted", "Accepted by CloudFront";
    BatchPostponed = "batch.postponed", "Postponed";
    BatchUnknown = "batch.unknown", "Answer unknown";
    BatchFailed = "batch.failed", "Refused by CloudFront";
    BatchCompleted = "batch.completed", "Completed at the edge";
    BatchLost = "batch.lost", "Lost sight of";
    BatchNeedsALook = "batch.needs_a_look", "Needs a look";
    BatchResolved = "batch.resolved", "Resolved by hand";
    DistributionsRefreshRequested = "distributions.refresh_requested", "Refresh of distributions requested";
    DistributionSeen = "distribution.seen", "Distribution seen";
    DistributionChanged = "distribution.changed", "Distribution changed";
    DistributionGone = "distribution.gone", "Distribution gone";
    SurveyFailed = "survey.failed", "Distributions could not be read";
    SurveyRecovered = "survey.recovered", "Distributions read again";
    PersonAdded = "person.added", "Person added";
    PersonDisabled = "person.disabled", "Person disabled";
    PersonEnabled = "person.enabled", "Person enabled";
    RoleChanged = "person.role_changed", "Role changed";
    ScopeWidened = "person.scope_widened", "Allowed to act everywhere";
    GroupsChanged = "person.groups_changed", "Groups changed";
    IdentityLinked = "person.identity_linked", "Provider's identity linked";
    PasswordChanged = "person.password_changed", "Password changed";
    PasswordReset = "person.password_reset", "Password reset";
    SecondStepOffered = "person.second_step_offered", "Second step begun";
    SecondStepOn = "person.second_step_on", "Second step turned on";
    SecondStepOff = "person.second_step_off", "Second step taken away";
    RecoveryCodesMade = "person.recovery_codes_made", "Recovery codes made";
    CodeAsked = "person.code_asked", "Password right, code asked";
    SessionsEnded = "person.sessions_ended", "Sessions ended";
    HeaderRefused = "request.header_refused", "Identity header refused";
    SignedIn = "person.signed_in", "Signed in";
    SignInRefused = "person.sign_in_refused", "Sign-in refused";
    SignedOut = "person.signed_out", "Signed out";
    WaysInChanged = "sign_in.changed", "Ways in changed";
    ProviderChecked = "sign_in.provider_checked", "Provider checked";
    SetUp = "unstale.set_up", "Unstale set up";
    SetUpLinkMade = "unstale.set_up_link_made", "Set-up link made";
    SearchSaved = "history.search_saved", "Search saved";
    SearchForgotten = "history.search_forgotten", "Search forgotten";
    SegmentDropped = "history.segment_dropped", "Old events exported and dropped";
    IndexMended = "history.index_mended", "Search made anew";
    ActRefused = "act.refused", "Act refused";
    EventUnreadable = "event.unreadable", "Cannot be read";
}

impl Action {
    /// May sessions have ended with it? Open streams then look whether theirs has.
    #[must_use]
    pub const fn may_end_sessions(self) -> bool {
        matches!(
            self,
            Self::SignedIn
                | Self::SignedOut
                | Self::SessionsEnded
                | Self::PersonDisabled
                | Self::RoleChanged
                | Self::PasswordChanged
                | Self::PasswordReset
                | Self::SecondStepOff
        )
    }

    /// All that are ever written: without the stand-in for what cannot be read.
    pub fn written() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|action| *action != Self::EventUnreadable)
    }

    /// Reads what [`Action::as_str`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.as_str() == text)
    }
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Done,
    Refused,
    Failed,
}

impl Outcome {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }

    /// Reads what [`Outcome::as_str`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Done, Self::Refused, Self::Failed].into_iter().find(|o| o.as_str() == text)
    }
}

/// What an event acted on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Target {
    pub kind: String,
    pub id: String,
}

impl Target {
    #[must_use]
    pub fn new(kind: &str, id: &str) -> Self {
        Self { kind: kind.to_owned(), id: id.to_owned() }
    }
}

/// One event, before it has its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub at: Timestamp,
    pub acting: Acting,
    pub action: Action,
    pub target: Target,
    pub distribution: Option<DistributionId>,
    pub invalidation: Option<InvalidationId>,
    pub items: ItemsRecord,
    pub reason: String,
    pub outcome: Outcome,
    /// What there is to say about the outcome, in words.
    pub note: String,
    pub aws_request_id: String,
    pub cloudfront_id: String,
    pub old: String,
    pub new: String,
}

impl Event {
    /// An invalidation of which batches were taken back before they were sent.
    #[must_use]
    pub fn cancelled(
        at: Timestamp,
        acting: &Acting,
        found: &Invalidation,
        now_is: InvalidationState,
        note: String,
    ) -> Self {
        Self {
            target: Target::new("invalidation", found.id.as_str()),
            distribution: Some(found.distribution.clone()),
            invalidation: Some(found.id.clone()),
            old: found.state.as_str().to_owned(),
            new: now_is.as_str().to_owned(),
            note,
            ..Self::new(at, acting, Action::InvalidationCancelled)
        }
    }

    /// An act that was done; the fields that it has no use for are empty.
    #[must_use]
    pub fn new(at: Timestamp, acting: &Acting, action: Action) -> Self {
        Self {
            at,
            acting: acting.clone(),
            action,
            target: Target::default(),
            distribution: None,
            invalidation: None,
            items: ItemsRecord::default(),
            reason: String::new(),
            outcome: Outcome::Done,
            note: String::new(),
            aws_request_id: String::new(),
            cloudfront_id: String::new(),
            old: String::new(),
            new: String::new(),
        }
    }

    /// When it was done: of what was made outside that is when CloudFront took it, which may be long before it was seen.
    #[must_use]
    pub fn done_at(&self) -> Timestamp {
        let outside = self.acting.actor.kind() == ActorKind::Outside;
        let made = self.note.rfind(MADE_AT).filter(|_| outside).map(|at| at + MADE_AT.len());
        made.and_then(|at| Timestamp::parse(self.note.get(at..at + TIME_LENGTH)?)).unwrap_or(self.at)
    }

    /// The same, with what a program said of its request at the end of the note.
    #[must_use]
    pub fn with_origins_words(mut self) -> Self {
        let via = std::mem::take(&mut self.acting.origin.via);
        self.note = match (self.note.is_empty(), via.is_empty()) {
            (_, true) => self.note,
            (true, false) => via,
            (false, false) => format!("{}; {via}", self.note),
        };
        self
    }
}

/// An event in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chained {
    pub sequence: i64,
    pub event: Event,
    pub previous_hash: String,
    pub hash: String,
}

impl Chained {
    /// Puts an event behind the one with `previous_hash`.
    #[must_use]
    pub fn new(sequence: i64, event: Event, previous_hash: String) -> Self {
        let hash =
            sha256_hex(canonical::text(&CanonicalFields::of(sequence, &event, &previous_hash)).as_bytes());
        Self { sequence, event, previous_hash, hash }
    }

    /// Does the hash fit what the event says?
    #[must_use]
    pub fn is_intact(&self) -> bool {
        self.hash == sha256_hex(self.canonical().as_bytes())
    }

    #[must_use]
    pub fn canonical(&self) -> String {
        canonical::text(&self.fields())
    }

    /// What its form says.
    #[must_use]
    pub fn fields(&self) -> CanonicalFields<'_> {
        CanonicalFields::of(self.sequence, &self.event, &self.previous_hash)
    }
}

/// How the note of something made outside says when, for [`Event::done_at`].
#[must_use]
pub fn made_at(at: Timestamp) -> String {
    format!("{MADE_AT}{at}")
}

/// Is this an event that workers wrote about what CloudFront did?
#[must_use]
pub fn is_by_service(event: &Event) -> bool {
    event.acting.actor.kind() == ActorKind::Service
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::{actor::Actor, id::PersonId, invalidations::item::Item};

    fn event() -> Event {
        let acting = Acting {
            actor: Actor::person(&PersonId::from_trusted("p1"), "ops@example.com"),
            origin: crate::actor::Origin::default(),
        };
        let mut event = Event::new(Timestamp::from_micros(1_000_000), &acting, Action::InvalidationRequested);
        event.items = ItemsRecord::of(&[Item::from_trusted("/a"), Item::from_trusted("/b*")]);
        event.reason = "WEB-1: \"quotes\" and\nlines".to_owned();
        event
    }

    #[test]
    fn the_canonical_form_has_sorted_keys_and_no_white_space() {
        let chained = Chained::new(1, event(), GENESIS.to_owned());
        let text = chained.canonical();
        assert!(
            text.starts_with(r#"{"action":"invalidation.requested","actor":{"id":"p1","kind""#),
            "{text}"
        );
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value.to_string(), text);
        assert_eq!(value["at"], "1970-01-01T00:00:01.000000Z");
    }

    #[test]
    fn any_change_shows_in_the_hash() {
        let chained = Chained::new(7, event(), GENESIS.to_owned());
        assert!(chained.is_intact());
        let mut changed = chained.clone();
        changed.event.reason.push('!');
        assert!(!changed.is_intact());
        let mut moved = chained.clone();
        moved.sequence = 8;
        assert!(!moved.is_intact());
        let mut relinked = chained;
        relinked.previous_hash = "ff".repeat(32);
        assert!(!relinked.is_intact());
    }

    #[test]
    fn what_was_made_outside_was_done_before_it_was_seen() {
        let mut seen = event();
        assert_eq!(seen.done_at(), seen.at);
        seen.acting.actor = Actor::outside();
        assert_eq!(seen.done_at(), seen.at);
        seen.note = made_at(Timestamp::from_micros(7)) + "; it was over";
        assert_eq!(seen.done_at(), Timestamp::from_micros(7));
        seen.acting.actor = Actor::Service;
        assert_eq!(seen.done_at(), seen.at, "only what was made outside has two times");
    }

    #[test]
    fn every_action_reads_back() {
        for action in Action::ALL {
            assert_eq!(Action::parse(action.as_str()), Some(*action));
        }
    }
}
