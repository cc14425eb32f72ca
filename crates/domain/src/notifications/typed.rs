//! Reads what people type for a channel.

use std::{fmt, net::IpAddr};

use url::{Host, Url};

use super::{AllowedNetworks, ChannelKind, NotificationTopic, RuleScopeKind, SigningMethod};

/// The most channels that are kept. Each has a task of its own for sending.
pub const CHANNELS_MAX: usize = 20;
/// The most rules of a channel.
pub const RULES_MAX: usize = 20;
const NAME_MAX: usize = 60;
/// The longest address, in bytes.
const ADDRESS_MAX: usize = 2_000;

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
            Self::Kind => ChannelField::Kind,
            Self::Signing => ChannelField::Signing,
            Self::Address | Self::UserInfo | Self::NotEncrypted | Self::RetiredConnector | Self::NoKey => {
                ChannelField::Address
            }
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

/// The address of a channel.
#[derive(Clone, PartialEq, Eq)]
pub struct NewAddress {
    url: Url,
}

impl fmt::Debug for NewAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("NewAddress(…)")
    }
}

impl NewAddress {
    /// The address, which is a secret.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.url.as_str()
    }

    /// The host and the port, which are shown.
    #[must_use]
    pub fn host(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }
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

/// Reads the address of a channel of this kind. Where it leads is judged when a message is sent.
pub fn parse_address(
    kind: ChannelKind,
    typed: &str,
    allowed: &AllowedNetworks,
) -> Result<NewAddress, ChannelError> {
    let typed = typed.trim();
    if typed.is_empty() || typed.len() > ADDRESS_MAX {
        return Err(ChannelError::Address);
    }
    let mut url = Url::parse(typed).map_err(|_| ChannelError::Address)?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(ChannelError::Address);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(ChannelError::UserInfo);
    }
    if url.scheme() == "http" && !literal(&url).is_some_and(|address| allowed.contains(address)) {
        return Err(ChannelError::NotEncrypted);
    }
    let is_teams = matches!(kind, ChannelKind::Teams | ChannelKind::TeamsCard);
    if is_teams && is_retired_connector(&url) {
        return Err(ChannelError::RetiredConnector);
    }
    url.set_fragment(None);
    Ok(NewAddress { url })
}

fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
        Host::Domain(_) => None,
    }
}

/// Office 365 connectors, which Microsoft retired in favour of workflows:
/// <https://devblogs.microsoft.com/microsoft365dev/retirement-of-office-365-connectors-within-microsoft-teams/>
fn is_retired_connector(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    host == "outlook.office.com" || host == "outlook.office365.com" || host.ends_with(".webhook.office.com")
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

    fn address(kind: ChannelKind, text: &str) -> Result<String, ChannelError> {
        let allowed = AllowedNetworks::parse("127.0.0.1,10.0.0.0/8").unwrap();
        parse_address(kind, text, &allowed).map(|address| address.host())
    }

    #[test]
    fn an_address_is_encrypted_or_in_a_network_that_was_named() {
        for (text, expected) in [
            (" https://hooks.example.com/a?b#c ", Ok("hooks.example.com".to_owned())),
            ("https://hooks.example.com:8443/", Ok("hooks.example.com:8443".to_owned())),
            ("http://127.0.0.1:9/hook", Ok("127.0.0.1:9".to_owned())),
            ("http://127.0.0.2:9/hook", Err(ChannelError::NotEncrypted)),
            ("http://localhost/", Err(ChannelError::NotEncrypted)),
            ("http://hooks.example.com/", Err(ChannelError::NotEncrypted)),
            ("https://ada:pw@hooks.example.com/", Err(ChannelError::UserInfo)),
            ("ftp://hooks.example.com/", Err(ChannelError::Address)),
            ("hooks.example.com", Err(ChannelError::Address)),
            ("", Err(ChannelError::Address)),
        ] {
            assert_eq!(address(ChannelKind::Webhook, text), expected, "{text}");
        }
        assert_eq!(
            address(ChannelKind::Webhook, &format!("https://a/{}", "b".repeat(2_000))),
            Err(ChannelError::Address)
        );
    }

    #[test]
    fn an_address_is_not_printed() {
        let address = parse_address(
            ChannelKind::Slack,
            "https://hooks.slack.com/services/T/B/x#y",
            &AllowedNetworks::default(),
        )
        .unwrap();
        assert_eq!(format!("{address:?}"), "NewAddress(…)");
        assert_eq!(address.reveal(), "https://hooks.slack.com/services/T/B/x");
    }

    #[test]
    fn retired_connectors_of_teams_are_refused_with_the_reason() {
        for text in ["https://contoso.webhook.office.com/webhookb2/a", "https://outlook.office.com/webhook/a"]
        {
            assert_eq!(address(ChannelKind::Teams, text), Err(ChannelError::RetiredConnector));
            assert!(address(ChannelKind::Webhook, text).is_ok(), "another program may have such a name");
        }
        assert!(
            address(ChannelKind::TeamsCard, "https://prod-1.westeurope.logic.azure.com/workflows/a").is_ok()
        );
    }

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
