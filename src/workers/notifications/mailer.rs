//! Sends e-mail by the mail server of the settings.

use std::{
    error::Error,
    fmt,
    time::{Duration, SystemTime},
};

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message as Email, Tokio1Executor,
    message::{
        Mailbox,
        header::{ContentType, HeaderName, HeaderValue},
    },
    transport::smtp::{
        Error as SmtpError,
        authentication::Credentials,
        client::{Tls, TlsParameters},
        extension::ClientId,
    },
};

use crate::domain::{id::MessageId, notifications::EmailText, time::Timestamp};

/// The time for the connection and the whole dialog.
const WITHIN: Duration = Duration::from_secs(30);
/// The answer of a server that refuses the name or the password (RFC 4954, 6).
const WRONG_LOGIN: u16 = 535;

/// A mail server. `Debug` does not print the password.
#[derive(Clone, PartialEq, Eq)]
pub struct MailServer {
    pub host: String,
    pub port: u16,
    pub encryption: MailEncryption,
    /// The user's name and the password. `None`: the server wants none.
    pub login: Option<(String, String)>,
    /// The sender of all messages.
    pub from: Mailbox,
}

/// How the connection to a mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailEncryption {
    /// From the first byte on.
    Tls,
    /// After `STARTTLS`. Where the server does not offer it, nothing is sent.
    StartTls,
    None,
}

impl fmt::Debug for MailServer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "MailServer({}:{}, {:?})", self.host, self.port, self.encryption)
    }
}

/// Why an e-mail was not sent. The message is for people, and has no password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    #[error("the message cannot be written as e-mail: {0}")]
    Unsendable(String),
    #[error("the mail server answered {code} {text}")]
    Refused { code: u16, text: String },
    #[error("the mail server cannot be used: {0}")]
    Connection(String),
    #[error("the mail server did not answer in {} s", WITHIN.as_secs())]
    Timeout,
}

impl From<SmtpError> for MailError {
    fn from(error: SmtpError) -> Self {
        match error.status() {
            Some(code) => {
                let text = error.source().map(ToString::to_string).unwrap_or_default();
                Self::Refused { code: code.into(), text }
            }
            // Its text has that of its cause.
            None => Self::Connection(error.to_string()),
        }
    }
}

impl MailServer {
    /// Connects and signs in as for a message, and sends none.
    pub async fn check(self) -> Result<(), MailError> {
        let mailer = Mailer::new(self)?;
        within(mailer.transport.test_connection()).await.map(|_| ())
    }
}

impl MailError {
    /// Whether the server takes nothing for this address now, rather than that it does not take this message.
    pub(super) fn is_of_channel(&self) -> bool {
        match self {
            Self::Unsendable(_) => false,
            // 550, 551 and 553 are about the address (RFC 5321, 4.2.3), but for those with an enhanced code of policy, as
            // filters of content give it (RFC 3463, 3.8).
            Self::Refused { code: 550 | 551 | 553, text } => !text.starts_with("5.7."),
            // From 500 on, the same message is refused again (RFC 5321, 4.2.1).
            Self::Refused { code, .. } => *code < 500 || *code == WRONG_LOGIN,
            Self::Connection(_) | Self::Timeout => true,
        }
    }
}

/// A client of the mail server. Each message has a connection of its own.
#[derive(Clone)]
pub(super) struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Mailer {
    /// A client that trusts the certificates of the system.
    pub(super) fn new(server: MailServer) -> Result<Self, MailError> {
        let MailServer { host, port, encryption, login, from } = server;
        let tls = || TlsParameters::new(host.clone());
        let tls = match encryption {
            MailEncryption::Tls => Tls::Wrapper(tls()?),
            MailEncryption::StartTls => Tls::Required(tls()?),
            MailEncryption::None => Tls::None,
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(port)
            .tls(tls)
            .hello_name(ClientId::Domain(from.email.domain().to_owned()))
            .timeout(Some(WITHIN));
        if let Some((name, password)) = login {
            builder = builder.credentials(Credentials::new(name, password));
        }
        Ok(Self { transport: builder.build(), from })
    }

    /// Sends a message to one address. `Ok`: the server has taken it.
    pub(super) async fn send(
        &self,
        to: &str,
        id: &MessageId,
        text: EmailText,
        at: Timestamp,
    ) -> Result<(), MailError> {
        let email = self.write(to, id, text, at)?;
        within(self.transport.send(email)).await.map(|_| ())
    }

    fn write(&self, to: &str, id: &MessageId, text: EmailText, at: Timestamp) -> Result<Email, MailError> {
        let unsendable = |error: &dyn fmt::Display| MailError::Unsendable(error.to_string());
        let EmailText { subject, body, thread } = text;
        let domain = self.from.email.domain();
        let to: Mailbox = to.parse().map_err(|error| unsendable(&error))?;
        // The same at each try, so that programs recognise a message that came twice.
        let mut builder = Email::builder()
            .from(self.from.clone())
            .to(to)
            .subject(subject)
            .date(SystemTime::UNIX_EPOCH + Duration::from_micros(at.as_micros().unsigned_abs()))
            .message_id(Some(format!("<{id}@{domain}>")))
            .header(ContentType::TEXT_PLAIN)
            // So that nothing answers it by itself (RFC 3834, 5).
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ));
        if let Some(thread) = thread {
            builder = builder.references(format!("<{thread}@{domain}>"));
        }
        builder.body(body).map_err(|error| unsendable(&error))
    }
}

/// What came of a dialog with the server, if it ends in time.
async fn within<T>(dialog: impl Future<Output = Result<T, SmtpError>>) -> Result<T, MailError> {
    Ok(tokio::time::timeout(WITHIN, dialog).await.map_err(|_| MailError::Timeout)??)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_is_refused_holds_back_no_other() {
        let refused = |code, text: &str| MailError::Refused { code, text: text.to_owned() };
        for (error, expected) in [
            (MailError::Timeout, true),
            (MailError::Connection("refused".to_owned()), true),
            (refused(421, "4.3.2 shutting down"), true),
            (refused(451, "4.7.1 greylisted"), true),
            (refused(535, "5.7.8 wrong"), true),
            (refused(550, "5.1.1 no such user"), true),
            (refused(553, "not here"), true),
            (refused(550, "5.7.1 looks like spam"), false),
            (refused(552, "5.3.4 too large"), false),
            (refused(554, "5.6.0 not taken"), false),
            (MailError::Unsendable("a header".to_owned()), false),
        ] {
            assert_eq!(error.is_of_channel(), expected, "{error}");
        }
    }
}
