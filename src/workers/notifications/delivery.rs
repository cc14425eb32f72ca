//! One try to deliver a message: what is sent, and what the receiver's answer means.

use std::time::Duration;

use crate::{
    cloudfront::PublishError,
    domain::{
        notifications::{
            Channel, ChannelArn, EmailText, Message, Publication, Rendered, SigningKey, retry, unix_seconds,
        },
        secrets_key::{ChannelSecret, SecretsKey},
        time::Timestamp,
    },
    store::notifications::{ClaimedMessage, channels::ChannelSecrets},
};

use super::{super::post::PostError, sender::SenderSettings};

/// The time within which a receiver has to answer.
const WITHIN: Duration = Duration::from_secs(15);

/// What became of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Delivery {
    Taken,
    /// Not taken. With `whole_channel` the receiver takes nothing now; otherwise it does not take this message.
    Failed {
        problem: String,
        retry_at: Timestamp,
        whole_channel: bool,
    },
    /// The receiver wants no more messages, ever.
    Gone,
}

/// The URL of a channel and its signing keys, decrypted.
struct Opened {
    address: String,
    signatures: Vec<SigningKey>,
}

/// Sends the message once.
pub(super) async fn deliver(
    settings: &SenderSettings,
    channel: &Channel,
    secrets: &ChannelSecrets,
    claimed: &ClaimedMessage,
    now: Timestamp,
) -> Delivery {
    match claimed.message.render(channel.kind, settings.base_url.as_deref()) {
        Rendered::Json(body) => post(settings, channel, secrets, claimed, body, now).await,
        Rendered::Email(text) => mail(settings, channel, claimed, text, now).await,
        Rendered::Publication(publication) => {
            match publish(settings, channel, &claimed.message, &publication).await {
                Ok(()) => Delivery::Taken,
                Err(error) => failed(claimed, error.to_string(), None, error.is_of_channel(), now),
            }
        }
    }
}

async fn mail(
    settings: &SenderSettings,
    channel: &Channel,
    claimed: &ClaimedMessage,
    text: EmailText,
    now: Timestamp,
) -> Delivery {
    let Some(mailer) = &settings.mailer else {
        return failed(claimed, "UNSTALE_SMTP_URL names no mail server".to_owned(), None, true, now);
    };
    let message = &claimed.message;
    match mailer.send(&channel.destination, &message.id, text, message.created_at).await {
        Ok(()) => Delivery::Taken,
        Err(error) => failed(claimed, error.to_string(), None, error.is_of_channel(), now),
    }
}

async fn publish(
    settings: &SenderSettings,
    channel: &Channel,
    message: &Message,
    publication: &Publication,
) -> Result<(), PublishError> {
    let publisher = settings.publisher.as_ref().ok_or(PublishError::NoClient)?;
    let arn = ChannelArn::parse(channel.kind, &channel.destination).ok_or(PublishError::Arn)?;
    publisher.publish(&arn, message, publication).await
}

async fn post(
    settings: &SenderSettings,
    channel: &Channel,
    secrets: &ChannelSecrets,
    claimed: &ClaimedMessage,
    body: String,
    now: Timestamp,
) -> Delivery {
    let Some(opened) = settings.secrets_key.as_deref().and_then(|key| open(key, channel, secrets, now))
    else {
        let problem = "the address cannot be read: it was stored with another key than that of UNSTALE_SECRETS_KEY_FILE";
        return failed(claimed, problem.to_owned(), None, true, now);
    };
    let message = &claimed.message;
    let headers = headers(&opened, message, &body, now);
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let sent = settings.post.send(&opened.address, &headers, body.into_bytes(), WITHIN).await;
    match sent {
        Ok(()) => Delivery::Taken,
        Err(PostError::Refused { status: 410, .. }) => Delivery::Gone,
        Err(PostError::Refused { status, retry_after }) => {
            let asked = retry_after.map(|asked| asked.span(now));
            let problem = format!("the receiver answered {status}");
            failed(claimed, problem, asked, is_of_receiver(status), now)
        }
        Err(error) => failed(claimed, error.to_string(), None, true, now),
    }
}

/// Whether an answer says that the receiver takes nothing now, rather than that it does not take this message.
const fn is_of_receiver(status: u16) -> bool {
    matches!(status, 401 | 403 | 404 | 407 | 408 | 425 | 429 | 500..)
}

fn failed(
    claimed: &ClaimedMessage,
    problem: String,
    asked: Option<Duration>,
    whole_channel: bool,
    now: Timestamp,
) -> Delivery {
    let before = if whole_channel { claimed.failures } else { claimed.tries };
    let retry_at = retry::next_try(before.saturating_add(1), asked, now);
    Delivery::Failed { problem, retry_at, whole_channel }
}

fn open(key: &SecretsKey, channel: &Channel, secrets: &ChannelSecrets, now: Timestamp) -> Option<Opened> {
    let address = key.open(secrets.address.as_ref()?, &ChannelSecret::Address(&channel.id))?;
    let earlier = secrets.earlier_key.iter().filter(|(_, until)| *until > now).map(|(sealed, _)| sealed);
    let mut signatures = Vec::new();
    if let Some(method) = channel.signing {
        for sealed in secrets.signing_key.iter().chain(earlier) {
            let text = key.open(sealed, &ChannelSecret::SigningKey(&channel.id))?;
            signatures.push(SigningKey::from_stored(method, &text)?);
        }
    }
    Some(Opened { address, signatures })
}

fn headers(opened: &Opened, message: &Message, body: &str, now: Timestamp) -> Vec<(&'static str, String)> {
    let mut headers =
        vec![("content-type", "application/json".to_owned()), ("user-agent", "unstale".to_owned())];
    if !opened.signatures.is_empty() {
        let signatures = opened.signatures.iter().map(|key| key.sign(&message.id, now, body));
        headers.push(("webhook-id", message.id.to_string()));
        headers.push(("webhook-timestamp", unix_seconds(now).to_string()));
        headers.push(("webhook-signature", signatures.collect::<Vec<_>>().join(" ")));
    }
    headers
}
