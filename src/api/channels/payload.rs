//! What webhooks get, for the `OpenAPI` document.

use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::domain::notifications::NotificationTopic;

/// A message to a webhook, signed as Standard Webhooks asks for.
#[derive(Debug, Clone, ToSchema)]
#[schema(as = NotificationPayload)]
#[expect(dead_code, reason = "it describes what the domain writes")]
pub struct PayloadShape {
    /// Such as `invalidation.completed`.
    pub r#type: String,
    /// When its first notice came.
    #[schema(format = DateTime)]
    pub timestamp: String,
    pub data: PayloadDataShape,
}

/// What a message tells.
#[derive(Debug, Clone, ToSchema)]
#[schema(as = NotificationData)]
#[expect(dead_code, reason = "it describes what the domain writes")]
pub struct PayloadDataShape {
    /// The topic of the rule, or `test`.
    pub topic: String,
    /// The number of notices of the same run.
    pub count: u64,
    /// The first of them.
    #[schema(max_items = 20)]
    pub notices: Vec<NoticeShape>,
}

/// One thing that happened.
#[derive(Debug, Clone, ToSchema)]
#[schema(as = NotificationNotice)]
#[expect(dead_code, reason = "it describes what the domain writes")]
pub struct NoticeShape {
    #[schema(format = DateTime)]
    pub at: String,
    /// The page that shows it. Null where the server's own address is not set.
    pub url: Option<String>,
    /// The ID of the invalidation. Null for what is about none.
    pub invalidation: Option<String>,
    pub distribution: Option<NoticeDistributionShape>,
    /// An e-mail address or the name of a token. Empty where nobody requested it.
    pub requested_by: String,
    pub reason: String,
    /// The first items.
    #[schema(max_items = 5)]
    pub items: Vec<String>,
    pub item_count: u64,
    /// What viewers get, as `freshness` of an invalidation. Null where it was not checked now.
    pub freshness: Option<String>,
    /// What happened, in words. May be empty.
    pub detail: String,
}

/// The distribution of a notice.
#[derive(Debug, Clone, ToSchema)]
#[schema(as = NotificationDistribution)]
#[expect(dead_code, reason = "it describes what the domain writes")]
pub struct NoticeDistributionShape {
    pub id: String,
    pub name: String,
}

/// The webhooks of the document: one for each type of event.
pub fn webhooks() -> Value {
    let mut types: Vec<&str> = NotificationTopic::ALL.iter().map(|topic| topic.event_type()).collect();
    types.push(NotificationTopic::Test.event_type());
    types.dedup();
    let header = |name: &str, description: &str| json!({"name": name, "in": "header", "required": true, "description": description, "schema": {"type": "string"}});
    let of_type = |event: &str| {
        let labels = NotificationTopic::ALL.iter().filter(|topic| topic.event_type() == event);
        let labels = labels.map(|topic| topic.label()).collect::<Vec<_>>().join(", ");
        let summary =
            if labels.is_empty() { "A test from the page of the channel".to_owned() } else { labels };
        json!({"post": {
            "tags": ["Notifications"],
            "summary": summary,
            "security": [],
            "parameters": [
                header("webhook-id", "The message's ID: the same at each try"),
                header("webhook-timestamp", "The time of the try, in seconds since 1970"),
                header("webhook-signature", "v1,BASE64 (HMAC-SHA256) or v1a,BASE64 (Ed25519) of id.timestamp.body; two of them for a day after a new key was made"),
            ],
            "requestBody": {"required": true, "content": {"application/json": {
                "schema": {"$ref": "#/components/schemas/NotificationPayload"}}}},
            "responses": {
                "2XX": {"description": "The message is taken"},
                "410": {"description": "No more messages: the channel is turned off"},
                "default": {"description": "The message is sent again, for three days; Retry-After is kept"}
            }
        }})
    };
    types
        .into_iter()
        .map(|event| (event.to_owned(), of_type(event)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}
