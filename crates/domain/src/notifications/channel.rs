//! A channel: where people are told, and of what.

use super::{NotificationRule, SigningMethod};
use crate::{id::ChannelId, time::Timestamp};

/// How a channel is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelKind {
    /// A webhook of a program, signed as Standard Webhooks asks for.
    Webhook,
    /// An incoming webhook of Slack, or of what takes the same.
    Slack,
    /// A Workflows URL of Microsoft Teams whose flow takes a message.
    Teams,
    /// A Workflows URL whose flow takes a bare Adaptive Card.
    TeamsCard,
    /// E-mail to one address, by the mail server of the settings.
    Email,
    /// A topic of Amazon SNS.
    Sns,
    /// An event bus of Amazon EventBridge.
    EventBridge,
}

impl ChannelKind {
    pub const ALL: [Self; 7] =
        [Self::Webhook, Self::Slack, Self::Teams, Self::TeamsCard, Self::Email, Self::Sns, Self::EventBridge];

    /// The stable word for the database and for programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Slack => "slack",
            Self::Teams => "teams",
            Self::TeamsCard => "teams_card",
            Self::Email => "email",
            Self::Sns => "sns",
            Self::EventBridge => "eventbridge",
        }
    }

    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Webhook => "Webhook",
            Self::Slack => "Slack",
            Self::Teams => "Microsoft Teams",
            Self::TeamsCard => "Microsoft Teams (bare card)",
            Self::Email => "E-mail",
            Self::Sns => "Amazon SNS",
            Self::EventBridge => "Amazon EventBridge",
        }
    }

    /// What its address is called.
    #[must_use]
    pub const fn address_label(self) -> &'static str {
        match self {
            Self::Webhook | Self::Slack | Self::Teams | Self::TeamsCard => "Host",
            Self::Email => "Address",
            Self::Sns | Self::EventBridge => "ARN",
        }
    }

    /// Reads what [`as_str`](Self::as_str) wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A notification channel, without its secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    pub id: ChannelId,
    pub name: String,
    pub kind: ChannelKind,
    /// Where its messages go, as it is shown: the e-mail address, the ARN, or the host of a URL, which itself is a secret.
    pub destination: String,
    /// How its messages are signed. `None` for all but webhooks.
    pub signing: Option<SigningMethod>,
    pub rules: Vec<NotificationRule>,
    pub is_on: bool,
    /// Why Unstale turned it off. Empty if a person did, and while it is on.
    pub off_because: String,
    pub created_at: Timestamp,
    /// When a message was last delivered.
    pub delivered_at: Option<Timestamp>,
    /// What is wrong with its receiver. `None` if the last message was delivered.
    pub trouble: Option<ChannelTrouble>,
}

/// Why the last messages of a channel were not delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelTrouble {
    /// So many tries failed in a row.
    pub failures: u32,
    /// What the last one met, as a text for people.
    pub problem: String,
    /// Before this, nothing is sent to the channel.
    pub retry_at: Timestamp,
}

/// How many messages of a channel are counted at the most, where pages and the doctor tell their number.
pub const MESSAGES_COUNTED: usize = 1_000;

/// The numbers of messages of a channel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MessageCounts {
    pub waiting: usize,
    pub given_up: usize,
}
