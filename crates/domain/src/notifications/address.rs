//! The address of a channel: a URL, an e-mail address, or an ARN.

use std::{fmt, net::IpAddr};

use url::{Host, Url};

use super::{AllowedNetworks, ChannelArn, ChannelError, ChannelKind, typed::ADDRESS_MAX};
use crate::sign_in::person::Email;

/// The address of a channel.
#[derive(Clone, PartialEq, Eq)]
pub enum NewAddress {
    Url(Url),
    Email(Email),
    Arn(ChannelArn),
}

impl fmt::Debug for NewAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("NewAddress(…)")
    }
}

impl NewAddress {
    /// A URL, which is a secret: who knows it can post there. `None` for an e-mail address and an ARN, which are
    /// none.
    #[must_use]
    pub fn secret(&self) -> Option<&str> {
        match self {
            Self::Url(url) => Some(url.as_str()),
            Self::Email(_) | Self::Arn(_) => None,
        }
    }

    /// What is shown: the e-mail address, the ARN, or the host and the port of a URL.
    #[must_use]
    pub fn destination(&self) -> String {
        match self {
            Self::Url(url) => {
                let host = url.host_str().unwrap_or_default();
                url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
            }
            Self::Email(email) => email.as_str().to_owned(),
            Self::Arn(arn) => arn.to_string(),
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
    if kind == ChannelKind::Email {
        let email = Email::parse(typed).ok().filter(|email| is_plain(email.as_str()));
        return email.map(NewAddress::Email).ok_or(ChannelError::EmailAddress);
    }
    if let ChannelKind::Sns | ChannelKind::EventBridge = kind {
        let unread =
            if kind == ChannelKind::Sns { ChannelError::TopicArn } else { ChannelError::EventBusArn };
        return ChannelArn::parse(kind, typed).map(NewAddress::Arn).ok_or(unread);
    }
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
    Ok(NewAddress::Url(url))
}

/// Whether every mail server takes the address: ASCII without quotes (RFC 5321, 4.1.2, `Dot-string`).
fn is_plain(email: &str) -> bool {
    let is_atom = |part: &str| {
        let is_one_of = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
        !part.is_empty() && part.bytes().all(is_one_of)
    };
    email.split('@').all(|half| half.split('.').all(is_atom))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn address(kind: ChannelKind, text: &str) -> Result<String, ChannelError> {
        let allowed = AllowedNetworks::parse("127.0.0.1,10.0.0.0/8").unwrap();
        parse_address(kind, text, &allowed).map(|address| address.destination())
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
        assert_eq!(address.secret(), Some("https://hooks.slack.com/services/T/B/x"));
    }

    #[test]
    fn an_email_address_is_one_that_every_server_takes() {
        for (text, expected) in [
            (" Web-Team@Example.com ", Ok("web-team@example.com".to_owned())),
            ("o'hara+cdn@mail.example.com", Ok("o'hara+cdn@mail.example.com".to_owned())),
            ("a@example.com, b@example.com", Err(ChannelError::EmailAddress)),
            ("a,b@example.com", Err(ChannelError::EmailAddress)),
            ("<a@example.com>", Err(ChannelError::EmailAddress)),
            ("a..b@example.com", Err(ChannelError::EmailAddress)),
            ("ü@example.com", Err(ChannelError::EmailAddress)),
            ("https://example.com/", Err(ChannelError::EmailAddress)),
            ("", Err(ChannelError::EmailAddress)),
        ] {
            assert_eq!(address(ChannelKind::Email, text), expected, "{text}");
        }
        let email = parse_address(ChannelKind::Email, "a@example.com", &AllowedNetworks::default());
        assert_eq!(email.unwrap().secret(), None);
    }

    #[test]
    fn an_arn_is_one_of_a_topic_or_of_an_event_bus() {
        let topic = "arn:aws:sns:us-east-1:123456789012:web-team";
        assert_eq!(address(ChannelKind::Sns, &format!(" {topic} ")), Ok(topic.to_owned()));
        assert_eq!(address(ChannelKind::Sns, "https://example.com/"), Err(ChannelError::TopicArn));
        assert_eq!(address(ChannelKind::EventBridge, topic), Err(ChannelError::EventBusArn));
        let arn = parse_address(ChannelKind::Sns, topic, &AllowedNetworks::default()).unwrap();
        assert_eq!(arn.secret(), None);
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
}
