//! Notification channels as JSON.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::notifications::{Channel, ChannelArn, ChannelKind, ChannelTrouble, NotificationRule};

/// A notification channel. Its URL is not told.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = NotificationChannel)]
pub struct ChannelShape {
    pub id: String,
    pub name: String,
    /// `webhook`, `slack`, `teams`, `teams_card`, `email`, `sns` or `eventbridge`
    #[schema(example = "webhook")]
    pub kind: String,
    /// The host of its address.
    #[schema(example = "hooks.example.com")]
    pub host: String,
    /// The e-mail address. Null for the other kinds, whose URL is not told.
    #[schema(example = json!(null))]
    pub email: Option<String>,
    /// The ARN of the topic or of the event bus. Null for the other kinds.
    #[schema(example = json!(null))]
    pub arn: Option<String>,
    /// How a webhook's messages are signed: `hmac` or `ed25519`. Null for the other kinds.
    pub signing: Option<String>,
    pub rules: Vec<RuleShape>,
    pub enabled: bool,
    /// Why Unstale turned it off. Empty if a person did.
    pub off_because: String,
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When a message was last delivered.
    #[schema(format = DateTime)]
    pub delivered_at: Option<String>,
    /// What is wrong with its receiver. Null if the last message was delivered.
    pub trouble: Option<ChannelTroubleShape>,
}

/// What a channel is told of.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = NotificationRule)]
pub struct RuleShape {
    /// `requested`, `completed`, `fresh`, `stale_or_broken`, `other_verdict`, `failed`, `needs_attention`,
    /// `approval_requested`, `budget_reached`, `account_paused` and `history_broken`
    #[schema(example = json!(["failed", "stale_or_broken"]))]
    pub topics: Vec<String>,
    /// `everything`, `distribution`, `group` or `person`
    #[schema(example = "distribution")]
    pub scope: String,
    /// The ID of the distribution, the name of the group, or the e-mail address of the person. Empty for everything.
    pub scope_name: String,
}

/// Why messages are not delivered.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ChannelTrouble)]
pub struct ChannelTroubleShape {
    /// How many tries failed in a row.
    pub failures: u32,
    pub problem: String,
    #[schema(format = DateTime)]
    pub retry_at: String,
}

impl ChannelShape {
    pub fn new(channel: &Channel) -> Self {
        let destination = channel.destination.as_str();
        let arn = ChannelArn::parse(channel.kind, destination);
        let host = match &arn {
            Some(arn) => arn.host(false),
            // An e-mail address ends with its host, and of a URL nothing else is told.
            None => destination.rsplit('@').next().unwrap_or_default().to_owned(),
        };
        Self {
            id: channel.id.to_string(),
            name: channel.name.clone(),
            kind: channel.kind.as_str().to_owned(),
            host,
            email: (channel.kind == ChannelKind::Email).then(|| destination.to_owned()),
            arn: arn.map(|arn| arn.to_string()),
            signing: channel.signing.map(|method| method.as_str().to_owned()),
            rules: channel.rules.iter().map(RuleShape::new).collect(),
            enabled: channel.is_on,
            off_because: channel.off_because.clone(),
            created_at: channel.created_at.to_string(),
            delivered_at: channel.delivered_at.map(|at| at.to_string()),
            trouble: channel.trouble.as_ref().map(ChannelTroubleShape::new),
        }
    }
}

impl RuleShape {
    fn new(rule: &NotificationRule) -> Self {
        Self {
            topics: rule.topics.iter().map(|topic| topic.as_str().to_owned()).collect(),
            scope: rule.scope.kind().as_str().to_owned(),
            scope_name: rule.scope.name().to_owned(),
        }
    }
}

impl ChannelTroubleShape {
    fn new(trouble: &ChannelTrouble) -> Self {
        Self {
            failures: trouble.failures,
            problem: trouble.problem.clone(),
            retry_at: trouble.retry_at.to_string(),
        }
    }
}
