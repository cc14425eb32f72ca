//! What people can be told about.

macro_rules! topics {
    ($($name:ident = $text:literal, $event:literal, $label:literal;)*) => {
        /// What a notification is about.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum NotificationTopic {
            $($name,)*
            /// A message that somebody asked for, to see whether a channel works. No rule names it.
            Test,
        }

        impl NotificationTopic {
            /// Those that a rule can name.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The stable word for the database, rules and programs.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* Self::Test => "test" }
            }

            /// The type of the event in the payload of a webhook.
            #[must_use]
            pub const fn event_type(self) -> &'static str {
                match self { $(Self::$name => $event,)* Self::Test => "test" }
            }

            /// The label that pages show.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self { $(Self::$name => $label,)* Self::Test => "Test" }
            }
        }
    };
}

topics! {
    Requested = "requested", "invalidation.requested", "Requested";
    Completed = "completed", "invalidation.completed", "Completed";
    Fresh = "fresh", "invalidation.checked", "Fresh";
    StaleOrBroken = "stale_or_broken", "invalidation.checked", "Stale or broken";
    OtherVerdict = "other_verdict", "invalidation.checked", "Unchanged or unclear";
    Failed = "failed", "invalidation.failed", "Failed";
    NeedsAttention = "needs_attention", "invalidation.needs_attention", "Needs attention";
    ApprovalRequested = "approval_requested", "approval.requested", "Approval requested";
    BudgetReached = "budget_reached", "budget.reached", "Budget reached";
    AccountPaused = "account_paused", "account.paused", "Account paused";
    HistoryBroken = "history_broken", "history.broken", "History broken";
}

impl NotificationTopic {
    /// Reads what [`as_str`](Self::as_str) wrote of a topic that a rule can name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|topic| topic.as_str() == text)
    }

    /// Reads what [`as_str`](Self::as_str) wrote of any topic.
    #[must_use]
    pub fn parse_stored(text: &str) -> Option<Self> {
        Self::parse(text).or_else(|| (text == Self::Test.as_str()).then_some(Self::Test))
    }

    /// Whether it is about one distribution. If not, only a rule for everything names it with effect.
    #[must_use]
    pub const fn is_of_a_distribution(self) -> bool {
        !matches!(self, Self::BudgetReached | Self::AccountPaused | Self::HistoryBroken | Self::Test)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_topic_reads_back_and_no_rule_names_a_test() {
        for topic in NotificationTopic::ALL {
            assert_eq!(NotificationTopic::parse(topic.as_str()), Some(*topic));
        }
        assert_eq!(NotificationTopic::parse("test"), None);
        assert_eq!(NotificationTopic::parse_stored("test"), Some(NotificationTopic::Test));
        assert_eq!(NotificationTopic::parse_stored("tests"), None);
    }
}
