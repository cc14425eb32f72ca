//! A message for services of AWS: a notification of Amazon SNS, and an event of Amazon EventBridge.

use serde_json::{Value, json};

use super::{Message, email, message::cut, webhook};

/// A subject has fewer than 100 characters (API reference of SNS, `Publish`).
const SUBJECT_MAX: usize = 99;

/// A message as a service of AWS takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Publication {
    Sns(SnsText),
    Event(BusEvent),
}

/// A notification for a topic of SNS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnsText {
    /// One line of ASCII, for those who get it by e-mail.
    pub subject: String,
    /// A text for each way of delivery, as JSON: `email` has words for people, `sms` one line, and all else the payload of a
    /// webhook (API reference of SNS, `Publish`, `MessageStructure`).
    pub message: String,
    /// The topic, by which subscriptions can choose.
    pub topic: &'static str,
}

/// An event for an event bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusEvent {
    /// `invalidation.completed`, by which rules can choose.
    pub detail_type: &'static str,
    /// The data of a webhook's payload, with the ID of the message.
    pub detail: String,
}

pub(super) fn sns(message: &Message, base: Option<&str>) -> SnsText {
    let words = email::text(message, base);
    let is_plain = |letter: char| letter == ' ' || letter.is_ascii_graphic();
    let subject = words.subject.replace('×', "x");
    let subject =
        subject.chars().map(|letter| if is_plain(letter) { letter } else { '?' }).collect::<String>();
    let message_of_each = json!({
        "default": webhook::body(message, base).to_string(),
        "email": words.body,
        "sms": subject,
    });
    SnsText {
        subject: cut(&subject, SUBJECT_MAX).replace('…', "."),
        message: message_of_each.to_string(),
        topic: message.topic.as_str(),
    }
}

pub(super) fn event(message: &Message, base: Option<&str>) -> BusEvent {
    let mut body = webhook::body(message, base);
    let mut detail = body["data"].take();
    detail["id"] = Value::from(message.id.to_string());
    detail["timestamp"] = body["timestamp"].take();
    BusEvent { detail_type: message.topic.event_type(), detail: detail.to_string() }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            NoticeDistribution,
            message::tests::{message, notice},
        },
        *,
    };

    #[test]
    fn a_notification_has_words_for_people_and_data_for_programs() {
        let mut other = notice();
        other.distribution =
            Some(NoticeDistribution { id: "E1".to_owned(), name: "bücher\n.example".repeat(9) });
        let text = sns(&message(vec![other.clone(), other]), Some("https://u.example.com"));
        assert!(text.subject.starts_with("Stale or broken: 2 x b?cher .example"), "{}", text.subject);
        assert!(text.subject.is_ascii() && text.subject.len() == SUBJECT_MAX, "{}", text.subject);
        let of_each: Value = serde_json::from_str(&text.message).unwrap();
        assert!(of_each["email"].as_str().unwrap().contains("https://u.example.com/invalidations/i1"));
        let payload: Value = serde_json::from_str(of_each["default"].as_str().unwrap()).unwrap();
        assert_eq!((payload["type"].as_str(), text.topic), (Some("invalidation.checked"), "stale_or_broken"));
        assert!(of_each["sms"].as_str().unwrap().is_ascii());
    }

    #[test]
    fn an_event_has_the_data_of_a_webhook() {
        let event = event(&message(vec![notice()]), None);
        assert_eq!(event.detail_type, "invalidation.checked");
        let detail: Value = serde_json::from_str(&event.detail).unwrap();
        assert_eq!(detail["id"], "m1");
        assert_eq!(detail["timestamp"], "1970-01-01T00:00:01.000000Z");
        assert_eq!((&detail["count"], &detail["topic"]), (&json!(1), &json!("stale_or_broken")));
        assert_eq!(detail["notices"][0]["invalidation"], "i1");
    }
}
