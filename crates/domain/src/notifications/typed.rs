//! Reads what people type for a channel.

use std::fmt;

use super::{
    AllowedNetworks, ChannelKind, NewAddress, NotificationTopic, RuleScopeKind, SigningMethod, parse_address,
};

/// The most channels that are kept. Each has a task of its own for sending.
pub const CHANNELS_MAX: usize = 20;
/// The most rules of a channel.
pub const RULES_MAX: usize = 20;
const NAME_MAX: usize = 60;
/// The longest address, in bytes.
pub(super) const ADDRESS_MAX: usize = 2_000;

/// What is wrong with a channel, as a message for the person who typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChannelError {
    #[error("Give the channel a name of one line, of at most {NAME_MAX} characters.")]
    Name,
    #[error("A channel with this name exists already.")]
    NameTaken,
    #[error("Choose the kind of the channel.")]
    Kind,
    #[error("Choose how messages are signed.")]
    Signing,
    #[error(
        "Enter an https address, such as https://hooks.example.com/unstale, of at most {ADDRESS_MAX} characters."
    )]
    Address,
    #[error("Enter one e-mail address, such as web-team@example.com.")]
    EmailAddress,
    #[error("Enter the ARN of a topic, such as arn:aws:sns:us-east-1:123456789012:web-team.")]
    TopicArn,
    #[error(
        "Enter the ARN of an event bus, such as arn:aws:events:us-east-1:123456789012:event-bus/default."
    )]
    EventBusArn,
    #[error(
        "This server sends no e-mail. Set UNSTALE_SMTP_URL to the address of a mail server, and start it again."
    )]
    NoMailServer,
    #[error("Leave the user name and the password out of the address.")]
    UserInfo,
    #[error("The address is not encrypted. Use https, or an IP address from UNSTALE_NOTIFICATION_NETWORKS.")]
    NotEncrypted,
    #[error(
        "This is the address of an Office 365 connector, which Microsoft has retired. Make a workflow in Teams (\"When a Teams webhook request is received\") and enter its URL."
    )]
    RetiredConnector,
    #[error(
        "This server has no key to store the address with. Set UNSTALE_SECRETS_KEY_FILE, and start it again."
    )]
    NoKey,
    #[error("Choose at least one topic from the list.")]
    Topics,
    #[error(
        "Budgets, paused accounts and the history belong to the whole server. Choose \"Everything\" for them, or another rule."
    )]
    TopicsOfServer,
    #[error("Choose what the rule is for.")]
    Scope,
    #[error("There is no such distribution, group or person.")]
    ScopeName,
    #[error("A channel has at most {RULES_MAX} rules; remove one first.")]
    TooManyRules,
    #[error("There are {CHANNELS_MAX} channels already; remove one first.")]
    TooMany,
}

/// Everything that is wrong with a channel. At least one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelErrors(pub Vec<ChannelError>);

impl std::error::Error for ChannelErrors {}

impl fmt::Display for ChannelErrors {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        out.write_str(&all.join(" "))
    }
}

impl From<ChannelError> for ChannelErrors {
    fn from(error: ChannelError) -> Self {
        Self(vec![error])
    }
}

/// The field of a form, or of the API, that an error belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelField {
    Name,
    Kind,
    Signing,
    Address,
    Topics,
    Scope,
    ScopeName,
}

impl ChannelError {
    #[must_use]
    pub const fn field(self) -> ChannelField {
        match self {
            Self::Name | Self::NameTaken | Self::TooMany => ChannelField::Name,
            Self::Kind | Self::NoMailServer => ChannelField::Kind,
            Self::Signing => ChannelField::Signing,
            Self::Address
            | Self::EmailAddress
            | Self::TopicArn
            | Self::EventBusArn
            | Self::UserInfo
            | Self::NotEncrypted
            | Self::RetiredConnector
            | Self::NoKey => ChannelField::Address,
            Self::Topics | Self::TopicsOfServer | Self::TooManyRules => ChannelField::Topics,
            Self::Scope => ChannelField::Scope,
            Self::ScopeName => ChannelField::ScopeName,
        }
    }
}

/// Reads a channel's name and trims it.
pub fn parse_name(typed: &str) -> Result<String, ChannelError> {
    let name = typed.trim();
    let fits = !name.is_empty() && name.chars().count() <= NAME_MAX && !name.chars().any(char::is_control);
    fits.then(|| name.to_owned()).ok_or(ChannelError::Name)
}

/// A channel as it was typed, without its rules.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TypedChannel {
    pub name: String,
    pub kind: String,
    pub address: String,
    /// How the messages of a webhook are signed. Not read for other kinds.
    pub signing: String,
}

/// A channel as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewChannel {
    pub name: String,
    pub kind: ChannelKind,
    pub address: NewAddress,
    pub signing: Option<SigningMethod>,
}

impl TypedChannel {
    /// Reads it, or says everything that is wrong.
    pub fn read(&self, allowed: &AllowedNetworks) -> Result<NewChannel, ChannelErrors> {
        let name = parse_name(&self.name);
        let kind = ChannelKind::parse(&self.kind).ok_or(ChannelError::Kind);
        let address = parse_address(kind.unwrap_or(ChannelKind::Webhook), &self.address, allowed);
        let signing = match kind {
            Ok(ChannelKind::Webhook) => {
                SigningMethod::parse(&self.signing).map(Some).ok_or(ChannelError::Signing)
            }
            _ => Ok(None),
        };
        match (name, kind, address, signing) {
            (Ok(name), Ok(kind), Ok(address), Ok(signing)) => Ok(NewChannel { name, kind, address, signing }),
            (name, kind, address, signing) => {
                let errors = [name.err(), kind.err(), address.err(), signing.err()];
                Err(ChannelErrors(errors.into_iter().flatten().collect()))
            }
        }
    }
}

/// A rule as it was typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TypedRule {
    pub topics: Vec<String>,
    pub scope: String,
    /// The distribution, the group or the e-mail address of the person.
    pub scope_name: String,
}

/// Reads a rule: its topics, sorted, and its scope with the name that is looked up.
pub fn parse_rule(
    typed: &TypedRule,
) -> Result<(Vec<NotificationTopic>, RuleScopeKind, String), ChannelError> {
    let topics: Option<Vec<_>> = typed.topics.iter().map(|word| NotificationTopic::parse(word)).collect();
    let mut topics = topics.filter(|topics| !topics.is_empty()).ok_or(ChannelError::Topics)?;
    topics.sort_unstable();
    topics.dedup();
    let scope = RuleScopeKind::parse(&typed.scope).ok_or(ChannelError::Scope)?;
    let name = typed.scope_name.trim();
    if (scope == RuleScopeKind::Everything) != name.is_empty() {
        return Err(ChannelError::ScopeName);
    }
    if scope != RuleScopeKind::Everything && !topics.iter().all(|topic| topic.is_of_a_distribution()) {
        return Err(ChannelError::TopicsOfServer);
    }
    Ok((topics, scope, name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let typed = TypedChannel::default();
        let errors = typed.read(&AllowedNetworks::default()).unwrap_err();
        assert_eq!(errors.0, [ChannelError::Name, ChannelError::Kind, ChannelError::Address]);
        let typed = TypedChannel {
            name: " Ops ".to_owned(),
            kind: "webhook".to_owned(),
            address: "https://hooks.example.com/".to_owned(),
            signing: String::new(),
        };
        let errors = typed.read(&AllowedNetworks::default()).unwrap_err();
        assert_eq!(errors.0, [ChannelError::Signing]);
        let slack = TypedChannel { kind: "slack".to_owned(), signing: "hmac".to_owned(), ..typed };
        let new = slack.read(&AllowedNetworks::default()).unwrap();
        assert_eq!((new.name.as_str(), new.kind, new.signing), ("Ops", ChannelKind::Slack, None));
    }

    #[test]
    fn a_rule_has_topics_and_a_scope() {
        let rule = |topics: &[&str], scope: &str, name: &str| {
            parse_rule(&TypedRule {
                topics: topics.iter().map(|topic| (*topic).to_owned()).collect(),
                scope: scope.to_owned(),
                scope_name: name.to_owned(),
            })
        };
        let (topics, scope, name) = rule(&["failed", "requested", "failed"], "group", " web ").unwrap();
        assert_eq!(topics, [NotificationTopic::Requested, NotificationTopic::Failed]);
        assert_eq!((scope, name.as_str()), (RuleScopeKind::Group, "web"));
        assert!(rule(&["failed"], "everything", "").is_ok());
        for (topics, scope, name, expected) in [
            (&[][..], "everything", "", ChannelError::Topics),
            (&["test"], "everything", "", ChannelError::Topics),
            (&["failed"], "", "", ChannelError::Scope),
            (&["failed"], "group", " ", ChannelError::ScopeName),
            (&["failed"], "everything", "web", ChannelError::ScopeName),
            (&["failed", "budget_reached"], "group", "web", ChannelError::TopicsOfServer),
        ] {
            assert_eq!(rule(topics, scope, name), Err(expected), "{topics:?} {scope} {name}");
        }
    }
}
