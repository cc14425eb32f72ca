//! Reads the mail server of the settings.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use url::{Host, Url};

use crate::{
    config::NotificationArgs,
    workers::{MailEncryption, MailServer},
};

use super::given_secret;

/// Why e-mail cannot be sent. No message contains the address of the server, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailServerError {
    #[error(
        "UNSTALE_SMTP_URL must be smtps://HOST or smtp://HOST, with a port, or a user's name and a password, where the server wants them; percent-encode what is no letter or digit in a password"
    )]
    Url,
    #[error(
        "UNSTALE_SMTP_URL takes no other parameter than tls=none, which sends without encryption: what is not encrypted is never sent where encryption was wanted"
    )]
    Parameter,
    #[error("UNSTALE_SMTP_URL would send the password without encryption; leave tls=none out")]
    PlainPassword,
    #[error("{0}")]
    File(String),
    #[error("UNSTALE_SMTP_FROM must be an e-mail address, such as Unstale <unstale@example.com>")]
    From,
    #[error("UNSTALE_SMTP_URL needs a sender: set UNSTALE_SMTP_FROM, or UNSTALE_PUBLIC_URL with a host name")]
    NoFrom,
}

impl NotificationArgs {
    /// The mail server. `None` if none is set. `base` is the address of this Unstale.
    pub fn mail_server(&self, base: Option<&str>) -> Result<Option<MailServer>, MailServerError> {
        let file = self.smtp_url_file.as_deref();
        let url = given_secret::read("UNSTALE_SMTP_URL", self.smtp_url.as_deref(), file)
            .map_err(MailServerError::File)?;
        let Some(url) = url else { return Ok(None) };
        let url = Url::parse(&url).map_err(|_| MailServerError::Url)?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(MailServerError::Url)?;
        let (encryption, usual_port) = encryption(&url)?;
        let login = login(&url)?;
        if login.is_some() && encryption == MailEncryption::None && !is_loopback(host) {
            return Err(MailServerError::PlainPassword);
        }
        let from = match self.smtp_from.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
            Some(from) => from.parse().map_err(|_| MailServerError::From)?,
            None => usual_sender(base).ok_or(MailServerError::NoFrom)?,
        };
        let (host, port) = (bare(host).to_owned(), url.port().unwrap_or(usual_port));
        Ok(Some(MailServer { host, port, encryption, login, from }))
    }
}

/// How the connection is encrypted, and the port for that (RFC 8314, 3.3; RFC 6409, 3.1).
fn encryption(url: &Url) -> Result<(MailEncryption, u16), MailServerError> {
    let is_bare = matches!(url.path(), "" | "/") && url.fragment().is_none();
    match (url.scheme(), url.query()) {
        _ if !is_bare => Err(MailServerError::Url),
        ("smtps", None) => Ok((MailEncryption::Tls, 465)),
        ("smtp", None) => Ok((MailEncryption::StartTls, 587)),
        ("smtp", Some("tls=none")) => Ok((MailEncryption::None, 25)),
        ("smtp" | "smtps", Some(_)) => Err(MailServerError::Parameter),
        _ => Err(MailServerError::Url),
    }
}

fn login(url: &Url) -> Result<Option<(String, String)>, MailServerError> {
    let decoded = |text: &str| {
        percent_decode_str(text).decode_utf8().map(Cow::into_owned).map_err(|_| MailServerError::Url)
    };
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        (name, Some(password)) if !name.is_empty() => Ok(Some((decoded(name)?, decoded(password)?))),
        _ => Err(MailServerError::Url),
    }
}

fn usual_sender(base: Option<&str>) -> Option<lettre::message::Mailbox> {
    let url = Url::parse(base?).ok()?;
    match url.host()? {
        Host::Domain(host) => format!("Unstale <unstale@{host}>").parse().ok(),
        Host::Ipv4(_) | Host::Ipv6(_) => None,
    }
}

/// An IPv6 address without its brackets.
fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || bare(host).parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str, from: Option<&str>) -> Result<Option<MailServer>, MailServerError> {
        let args = NotificationArgs {
            smtp_url: Some(url.to_owned()),
            smtp_from: from.map(str::to_owned),
            ..NotificationArgs::default()
        };
        args.mail_server(Some("https://unstale.example.com"))
    }

    #[test]
    fn a_server_has_its_port_and_is_encrypted() {
        for (url, host, port, encryption) in [
            ("smtps://mail.example.com", "mail.example.com", 465, MailEncryption::Tls),
            ("smtp://mail.example.com/", "mail.example.com", 587, MailEncryption::StartTls),
            ("smtp://mail.example.com:2525", "mail.example.com", 2525, MailEncryption::StartTls),
            ("smtp://relay?tls=none", "relay", 25, MailEncryption::None),
            ("smtp://[::1]:25?tls=none", "::1", 25, MailEncryption::None),
        ] {
            let server = read(url, None).unwrap().unwrap();
            assert_eq!(
                (server.host.as_str(), server.port, server.encryption),
                (host, port, encryption),
                "{url}"
            );
            assert_eq!(server.from.to_string(), "Unstale <unstale@unstale.example.com>");
        }
        assert_eq!(read(" ", None), Ok(None));
    }

    #[test]
    fn a_password_is_decoded_not_printed_and_not_sent_in_the_clear() {
        let server = read("smtps://ada%40example.com:p%40ss%2Fword@mail.example.com", None).unwrap().unwrap();
        assert_eq!(server.login, Some(("ada@example.com".to_owned(), "p@ss/word".to_owned())));
        assert!(!format!("{server:?}").contains("p@ss"));
        let refused = read("smtp://ada:word@mail.example.com?tls=none", None).unwrap_err();
        assert_eq!(refused, MailServerError::PlainPassword);
        assert!(read("smtp://ada:word@127.0.0.1:2525?tls=none", None).is_ok());
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        use MailServerError::{From, Parameter, Url};
        for (url, from, expected) in [
            ("mail.example.com", None, Url),
            ("https://mail.example.com", None, Url),
            ("smtps://ada@mail.example.com", None, Url),
            ("smtps://ada:word@mail.example.com/path", None, Url),
            ("smtps://ada:word@mail.example.com?tls=none", None, Parameter),
            ("smtp://ada:word@mail.example.com?tls=opportunistic", None, Parameter),
            ("smtps://ada:word@mail.example.com", Some("Unstale"), From),
        ] {
            let refused = read(url, from).unwrap_err();
            assert_eq!(refused, expected, "{url}");
            assert!(!refused.to_string().contains("word@"), "{refused}");
        }
        let args =
            NotificationArgs { smtp_url: Some("smtps://mail".to_owned()), ..NotificationArgs::default() };
        assert_eq!(args.mail_server(None), Err(MailServerError::NoFrom));
        assert_eq!(args.mail_server(Some("http://127.0.0.1:8080")), Err(MailServerError::NoFrom));
    }
}
