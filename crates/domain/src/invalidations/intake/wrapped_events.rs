//! Reads messages within messages: an event of S3 that SNS or SQS passed on stands as text in theirs.

use super::json::Json;

/// The messages that this document passes on. `None` if it passes on none.
pub(super) fn messages(json: &Json) -> Option<Vec<&Json>> {
    if let Some(message) = message_of(json) {
        return Some(vec![message]);
    }
    let list = json.get("Records").or_else(|| json.get("Messages"))?.list()?;
    let messages: Option<Vec<&Json>> = list.iter().map(message_of).collect();
    messages.filter(|messages| !messages.is_empty())
}

/// The text of `Message` (SNS over HTTP, and within SQS), of `Sns.Message` (SNS to Lambda), or of the body of a message of
/// SQS (`Body` as the AWS CLI prints it, `body` to Lambda).
fn message_of(json: &Json) -> Option<&Json> {
    let of_sns = || json.get("Sns").and_then(|sns| sns.get("Message"));
    let own = ["Message", "Body", "body"].into_iter().find_map(|name| json.get(name));
    own.or_else(of_sns).filter(|message| message.text().is_some())
}
