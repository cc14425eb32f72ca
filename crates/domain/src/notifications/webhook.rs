//! The payload of a webhook, as Standard Webhooks asks for: a type, a time and data.
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>

use serde_json::{Value, json};

use super::{
    Message,
    message::{NOTICES_MAX, link},
};

pub(super) fn body(message: &Message, base: Option<&str>) -> Value {
    let notices = message.notices.iter().take(NOTICES_MAX).map(|notice| {
        let mut value = json!(notice);
        if let Some(fields) = value.as_object_mut() {
            fields.remove("path");
            fields.insert("url".to_owned(), json!(link(notice, base)));
        }
        value
    });
    json!({
        "type": message.topic.event_type(),
        "timestamp": message.created_at.to_string(),
        "data": {
            "topic": message.topic.as_str(),
            "count": message.count,
            "notices": notices.collect::<Vec<_>>(),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::{
        super::message::tests::{message, notice},
        *,
    };

    #[test]
    fn a_payload_has_type_time_and_data() {
        let body = body(&message(vec![notice()]), Some("https://u.example.com"));
        assert_eq!(body["type"], "invalidation.checked");
        assert_eq!(body["timestamp"], "1970-01-01T00:00:01.000000Z");
        assert_eq!(body["data"]["topic"], "stale_or_broken");
        assert_eq!(body["data"]["count"], 1);
        let told = &body["data"]["notices"][0];
        assert_eq!(told["url"], "https://u.example.com/invalidations/i1");
        assert_eq!(told["distribution"]["id"], "E1");
        assert_eq!(told["items"], json!(["/a_b.html"]));
        assert_eq!(told.get("path"), None);
    }
}
