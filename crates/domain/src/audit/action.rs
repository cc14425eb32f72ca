//! The action of an audit event, and its outcome.

macro_rules! actions {
    ($($name:ident = $text:literal, $words:literal;)*) => {
        /// The action that an event records.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Action { $($name),* }

        impl Action {
            /// Every action.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The stable word for the database and for programs.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }

            /// The label that pages show.
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
    InvalidationPutOff = "invalidation.put_off", "Postponed by a freeze window";
    InvalidationRetried = "invalidation.retried", "Invalidation retried";
    InvalidationSeen = "invalidation.seen", "Invalidation seen";
    InvalidationTraced = "invalidation.traced", "Found in CloudTrail";
    RepeatHeldBack = "invalidation.repeat_held_back", "Repeat not sent (cool-down)";
    ProposalMade = "proposal.made", "Approval requested";
    ProposalApproved = "proposal.approved", "Approved and requested";
    ProposalDeclined = "proposal.declined", "Approval declined";
    ProtectionOverridden = "protection.overridden", "Protection overridden";
    ProtectionChanged = "protection.changed", "Protection changed";
    BudgetChanged = "budget.changed", "Budget changed";
    FreezeAdded = "freeze.added", "Freeze window added";
    FreezeRemoved = "freeze.removed", "Freeze window removed";
    FreezeOverridden = "freeze.overridden", "Freeze window overridden";
    PathMappingsChanged = "path_mappings.changed", "Path mappings changed";
    GrantAdded = "grant.added", "Grant added";
    GrantRemoved = "grant.removed", "Grant removed";
    TokenMade = "token.made", "Token created";
    TokenRevoked = "token.revoked", "Token revoked";
    TokenRefused = "token.refused", "Token refused";
    GroupAdded = "group.added", "Group added";
    GroupDeleted = "group.deleted", "Group deleted";
    GroupMemberAdded = "group.member_added", "Person added to a group";
    GroupMemberRemoved = "group.member_removed", "Person removed from a group";
    BatchMerged = "batch.merged", "Sent together";
    BatchSeparated = "batch.separated", "Separated again";
    BatchSkipped = "batch.skipped", "Not sent again";
    BatchAccepted = "batch.accepted", "Accepted by CloudFront";
    BatchPostponed = "batch.postponed", "Postponed";
    BatchUnknown = "batch.unknown", "Answer unknown";
    BatchFailed = "batch.failed", "Refused by CloudFront";
    BatchCutInTwo = "batch.cut_in_two", "Refused, cut in two";
    BatchCompleted = "batch.completed", "Completed at the edge";
    BatchLost = "batch.lost", "Unknown to CloudFront";
    BatchNeedsALook = "batch.needs_a_look", "Needs a look";
    BatchResolved = "batch.resolved", "Resolved by hand";
    CheckFinished = "check.finished", "Checked at the edge";
    CheckRequested = "check.requested", "Check requested";
    CheckUpRequested = "check_up.requested", "Check-up requested";
    CheckUpFinished = "check_up.finished", "Check-up finished";
    ChangesRequested = "changes.requested", "Changed files looked for";
    ChangesFound = "changes.found", "Bucket listed";
    CheckSettingsChanged = "check.settings_changed", "Check settings changed";
    WarmingFinished = "warming.finished", "URLs fetched after completion";
    DistributionsRefreshRequested = "distributions.refresh_requested", "Refresh of distributions requested";
    DistributionSeen = "distribution.seen", "Distribution seen";
    DistributionChanged = "distribution.changed", "Distribution changed";
    DistributionGone = "distribution.gone", "Distribution no longer listed";
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
    SecondStepOffered = "person.second_step_offered", "Second step started";
    SecondStepOn = "person.second_step_on", "Second step turned on";
    SecondStepOff = "person.second_step_off", "Second step removed";
    RecoveryCodesMade = "person.recovery_codes_made", "Recovery codes created";
    CodeAsked = "person.code_asked", "Password correct, code requested";
    SessionsEnded = "person.sessions_ended", "Sessions ended";
    HeaderRefused = "request.header_refused", "Identity header refused";
    SignedIn = "person.signed_in", "Signed in";
    SignInRefused = "person.sign_in_refused", "Sign-in refused";
    SignedOut = "person.signed_out", "Signed out";
    WaysInChanged = "sign_in.changed", "Sign-in settings changed";
    ProviderChecked = "sign_in.provider_checked", "Provider checked";
    SetUp = "unstale.set_up", "Unstale set up";
    SetUpLinkMade = "unstale.set_up_link_made", "Set-up link created";
    BackupRestored = "unstale.restored", "Restored from a backup";
    ChannelAdded = "channel.added", "Notification channel added";
    ChannelChanged = "channel.changed", "Notification channel changed";
    ChannelRemoved = "channel.removed", "Notification channel removed";
    ChannelKeyChanged = "channel.key_changed", "Signing key of a channel changed";
    ChannelTested = "channel.tested", "Test message requested";
    ChannelMessagesRetried = "channel.messages_retried", "Messages of a channel sent again";
    ChannelTurnedOff = "channel.turned_off", "Notification channel turned off";
    SearchSaved = "history.search_saved", "Search saved";
    SearchForgotten = "history.search_forgotten", "Saved search deleted";
    SegmentDropped = "history.segment_dropped", "Old events exported and deleted";
    IndexMended = "history.index_mended", "Search index rebuilt";
    ActRefused = "act.refused", "Act refused";
    EventUnreadable = "event.unreadable", "Cannot be read";
}

/// The first words of the actions that are about access and settings. The column `area` of the database has the same
/// list.
const ABOUT_ACCESS: [&str; 14] = [
    "act",
    "budget",
    "channel",
    "freeze",
    "grant",
    "group",
    "history",
    "path_mappings",
    "person",
    "protection",
    "request",
    "sign_in",
    "token",
    "unstale",
];

impl Action {
    /// Whether the action is about who may do what, or about a setting.
    #[must_use]
    pub fn is_about_access(self) -> bool {
        let first = self.as_str().split('.').next().unwrap_or_default();
        self == Self::CheckSettingsChanged || ABOUT_ACCESS.contains(&first)
    }

    /// What the action is about, as the heading of a group of actions.
    #[must_use]
    pub fn subject(self) -> &'static str {
        match self.as_str().split('.').next().unwrap_or_default() {
            "invalidation" => "Invalidations",
            "proposal" | "protection" => "Approvals and protection",
            "batch" => "CloudFront's answers",
            "check" | "check_up" | "changes" | "warming" => "Checks",
            "distribution" | "distributions" | "survey" | "path_mappings" => "Distributions",
            "budget" | "freeze" => "Budgets and freeze windows",
            "person" | "sign_in" | "request" => "People and sign-in",
            "grant" | "group" | "token" => "Grants, groups and tokens",
            "channel" => "Notifications",
            _ => "Unstale itself",
        }
    }

    /// Whether the action may have ended sessions. If so, each open stream checks whether its session has ended.
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

    /// Every action that is written: all except `EventUnreadable`, which replaces an action that cannot be read.
    pub fn written() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|action| *action != Self::EventUnreadable)
    }

    /// Reads what [`Action::as_str`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.as_str() == text)
    }
}

/// The outcome of an action.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_about_access_is_told_by_its_first_word() {
        for (action, is_about) in [
            (Action::SignedIn, true),
            (Action::CheckSettingsChanged, true),
            (Action::ProtectionChanged, true),
            (Action::ActRefused, true),
            (Action::CheckFinished, false),
            (Action::InvalidationRequested, false),
            (Action::ProposalMade, false),
            (Action::DistributionSeen, false),
            (Action::EventUnreadable, false),
        ] {
            assert_eq!(action.is_about_access(), is_about, "{}", action.as_str());
        }
        assert_eq!(Action::TokenMade.subject(), "Grants, groups and tokens");
    }

    #[test]
    fn every_action_reads_back() {
        for action in Action::ALL {
            assert_eq!(Action::parse(action.as_str()), Some(*action));
        }
    }
}
