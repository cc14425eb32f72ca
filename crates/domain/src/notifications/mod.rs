//! Notifications: who is told what, how a message is worded for each kind of channel, and when it is tried again.

mod address;
mod arn;
mod aws;
mod channel;
mod email;
mod message;
mod networks;
mod notice;
pub mod retry;
mod rule;
mod signing;
mod slack;
mod teams;
mod topic;
mod typed;
mod webhook;

pub use address::{NewAddress, parse_address};
pub use arn::ChannelArn;
pub use aws::{BusEvent, Publication, SnsText};
pub use channel::{Channel, ChannelKind, ChannelTrouble, MESSAGES_COUNTED, MessageCounts};
pub use email::EmailText;
pub use message::{Message, NOTICES_MAX, Rendered};
pub use networks::AllowedNetworks;
pub use notice::{Notice, NoticeDistribution};
pub use rule::{NoticeSubject, NotificationRule, RuleScope, RuleScopeKind};
pub use signing::{KEY_LEN, ROTATION, SigningKey, SigningMethod, unix_seconds};
pub use topic::NotificationTopic;
pub use typed::{
    CHANNELS_MAX, ChannelError, ChannelErrors, ChannelField, NewChannel, RULES_MAX, TypedChannel, TypedRule,
    parse_name, parse_rule,
};
