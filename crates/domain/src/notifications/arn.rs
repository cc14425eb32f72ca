//! The ARN of what AWS delivers messages by: a topic of Amazon SNS, or an event bus of Amazon EventBridge.

use std::fmt;

use super::ChannelKind;

/// How the name of a topic ends that keeps messages in order (SNS developer guide, "FIFO topics").
const FIFO: &str = ".fifo";
/// How the resource of an event bus begins.
const EVENT_BUS: &str = "event-bus/";
/// The longest name of a topic and of an event bus (API references of SNS and EventBridge).
const NAME_MAX: usize = 256;

/// The ARN of a topic or of an event bus. It is no secret: who sends there needs a permission of AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelArn {
    text: String,
    service: &'static str,
    region: String,
}

impl ChannelArn {
    /// Reads the ARN of a topic or of an event bus, as the kind of the channel wants it. `None` for all else.
    #[must_use]
    pub fn parse(kind: ChannelKind, typed: &str) -> Option<Self> {
        let parts: Vec<&str> = typed.splitn(6, ':').collect();
        let ["arn", partition, service, region, account, resource] = parts[..] else { return None };
        let (expected, is_known) = match kind {
            ChannelKind::Sns => ("sns", is_topic(resource)),
            ChannelKind::EventBridge => {
                ("events", resource.strip_prefix(EVENT_BUS).is_some_and(is_event_bus))
            }
            _ => return None,
        };
        let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        let is_place = is_word(partition) && is_word(region);
        (service == expected && is_known && is_account && is_place).then(|| Self {
            text: typed.to_owned(),
            service: expected,
            region: region.to_owned(),
        })
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The host of AWS that takes messages for it (AWS general reference, endpoints of SNS and EventBridge). With `fips`,
    /// that for those who may use validated cryptography only.
    #[must_use]
    pub fn host(&self, fips: bool) -> String {
        let fips = if fips { "-fips" } else { "" };
        let domain = if self.text.starts_with("arn:aws-cn:") { "amazonaws.com.cn" } else { "amazonaws.com" };
        format!("{}{fips}.{}.{domain}", self.service, self.region)
    }

    /// Whether it is a topic that keeps messages in order and takes each only once.
    #[must_use]
    pub fn is_fifo(&self) -> bool {
        self.text.ends_with(FIFO)
    }
}

impl fmt::Display for ChannelArn {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn is_topic(name: &str) -> bool {
    let bare = name.strip_suffix(FIFO).unwrap_or(name);
    let is_one_of = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    !bare.is_empty() && name.len() <= NAME_MAX && bare.bytes().all(is_one_of)
}

fn is_event_bus(name: &str) -> bool {
    let is_one_of = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
    !name.is_empty() && name.len() <= NAME_MAX && name.bytes().all(is_one_of)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOPIC: &str = "arn:aws:sns:eu-central-1:123456789012:web-team";
    const BUS: &str = "arn:aws:events:us-east-1:123456789012:event-bus/default";

    #[test]
    fn topics_and_event_buses_are_read() {
        let topic = ChannelArn::parse(ChannelKind::Sns, TOPIC).unwrap();
        assert_eq!((topic.as_str(), topic.region()), (TOPIC, "eu-central-1"));
        assert_eq!(topic.host(false), "sns.eu-central-1.amazonaws.com");
        assert!(!topic.is_fifo());
        let bus = ChannelArn::parse(ChannelKind::EventBridge, BUS).unwrap();
        assert_eq!(
            (bus.region(), bus.host(true).as_str()),
            ("us-east-1", "events-fips.us-east-1.amazonaws.com")
        );
        let chinese = "arn:aws-cn:sns:cn-north-1:123456789012:web-team.fifo";
        let chinese = ChannelArn::parse(ChannelKind::Sns, chinese).unwrap();
        assert_eq!(chinese.host(false), "sns.cn-north-1.amazonaws.com.cn");
        assert!(chinese.is_fifo());
    }

    #[test]
    fn other_texts_are_refused() {
        for (kind, text) in [
            (ChannelKind::EventBridge, TOPIC),
            (ChannelKind::Sns, BUS),
            (ChannelKind::Webhook, TOPIC),
            (ChannelKind::Sns, ""),
            (ChannelKind::Sns, "web-team"),
            (ChannelKind::Sns, "arn:aws:sns:eu-central-1:123456789012:"),
            (ChannelKind::Sns, "arn:aws:sns:eu-central-1:12345:web-team"),
            (ChannelKind::Sns, "arn:aws:sns:evil.example.com/:123456789012:web-team"),
            (ChannelKind::Sns, "arn:aws:sns:eu-central-1:123456789012:web team"),
            (ChannelKind::Sns, "arn:aws:sns:eu-central-1:123456789012:web-team:0f6a9f8e"),
            (ChannelKind::EventBridge, "arn:aws:events:us-east-1:123456789012:rule/x"),
            (ChannelKind::EventBridge, "arn:aws:events:us-east-1:123456789012:event-bus/"),
        ] {
            assert_eq!(ChannelArn::parse(kind, text), None, "{text}");
        }
    }
}
