//! Publishes messages to topics of Amazon SNS and to event buses of Amazon EventBridge.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::json;
use url::form_urlencoded;

use unstale_domain::{
    id::MessageId,
    invalidations::problem::Problem,
    notifications::{BusEvent, ChannelArn, Message, Publication, SnsText},
    time::Timestamp,
};

use super::{
    client::{Connect, unreadable},
    environment::AwsEnvironment,
    error::kind_of_answer,
    operation::AwsOperation,
    signed_call::{BodyFormat, SignedClient, SignedOperation, SignedService},
};

/// SNS speaks the AWS query protocol only (botocore 1.44).
const PUBLISH: SignedOperation =
    SignedOperation { operation: AwsOperation::Publish, path: "/", target: None };
const PUT_EVENTS: SignedOperation =
    SignedOperation { operation: AwsOperation::PutEvents, path: "/", target: Some("AWSEvents.PutEvents") };
/// What an event says it is from.
const SOURCE: &str = "unstale";
/// What SNS and EventBridge answer if they take everything else, but not this message.
const OF_MESSAGE: [&str; 4] =
    ["InvalidParameter", "InvalidParameterValue", "ParameterValueInvalid", "ValidationException"];

/// Publishes messages with the credentials of the environment. Clones share them.
#[derive(Debug, Clone)]
pub struct Publisher {
    environment: AwsEnvironment,
    connect: Connect,
}

/// Why a message was not published.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    #[error(
        "AWS cannot be asked for it: there are no credentials, or AWS_ENDPOINT_URL_CLOUDFRONT is set and no endpoint for this service"
    )]
    NoClient,
    #[error("the ARN of the channel cannot be read; enter it again")]
    Arn,
    #[error("{}", said(.0))]
    Problem(Problem),
}

impl PublishError {
    /// Whether no message would be taken now, rather than this one.
    #[must_use]
    pub fn is_of_channel(&self) -> bool {
        match self {
            Self::NoClient | Self::Arn => true,
            Self::Problem(problem) => !OF_MESSAGE.contains(&problem.code.as_str()),
        }
    }
}

fn said(problem: &Problem) -> String {
    match problem.code.as_str() {
        "" => format!("AWS did not take it: {}", problem.message),
        code => format!("AWS answered {code}: {}", problem.message),
    }
}

/// The part of the answer to `PutEvents` that is read: AWS answers 200 for events that it did not take, too.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutEventsAnswer {
    entries: Vec<PutEventsEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutEventsEntry {
    error_code: Option<String>,
    error_message: Option<String>,
}

impl Publisher {
    /// With the configuration of the environment. Makes no call.
    #[must_use]
    pub fn from_environment(environment: &AwsEnvironment, connect: Connect) -> Self {
        Self { environment: environment.clone(), connect }
    }

    /// Publishes a message, rendered as the topic or the event bus takes it.
    pub async fn publish(
        &self,
        arn: &ChannelArn,
        message: &Message,
        publication: &Publication,
    ) -> Result<(), PublishError> {
        match publication {
            Publication::Sns(text) => self.notify(arn, &message.id, text).await,
            Publication::Event(event) => self.put_event(arn, event, message.created_at).await,
        }
    }

    /// Sends a text to a topic.
    async fn notify(&self, topic: &ChannelArn, id: &MessageId, text: &SnsText) -> Result<(), PublishError> {
        let client = self.client("SNS", "sns", topic, BodyFormat::Form)?;
        client.call(PUBLISH, publication(topic, id, text)).await.map_err(PublishError::Problem)?;
        Ok(())
    }

    /// Puts an event, of what happened at this time, on an event bus.
    async fn put_event(&self, bus: &ChannelArn, event: &BusEvent, at: Timestamp) -> Result<(), PublishError> {
        let format = BodyFormat::Json("application/x-amz-json-1.1");
        let client = self.client("EventBridge", "events", bus, format)?;
        let entry = json!({
            "Source": SOURCE,
            "DetailType": event.detail_type,
            "Detail": event.detail,
            "EventBusName": bus.as_str(),
            "Time": at.as_micros() / 1_000_000,
        });
        let answer = client.call(PUT_EVENTS, json!({ "Entries": [entry] }).to_string()).await;
        let answer = answer.map_err(PublishError::Problem)?;
        let answer: PutEventsAnswer =
            serde_json::from_value(answer).map_err(|_| PublishError::Problem(unreadable()))?;
        match answer.entries.into_iter().find_map(|entry| Some((entry.error_code?, entry.error_message))) {
            Some((code, message)) => Err(PublishError::Problem(not_put(code, message.unwrap_or_default()))),
            None => Ok(()),
        }
    }

    /// A client for a service in the region of the ARN.
    fn client(
        &self,
        id: &'static str,
        signing_name: &'static str,
        arn: &ChannelArn,
        format: BodyFormat,
    ) -> Result<SignedClient, PublishError> {
        let service = SignedService {
            id,
            signing_name,
            region: Cow::Owned(arn.region().to_owned()),
            endpoint: Cow::Owned(format!("https://{}", arn.host(false))),
            fips_endpoint: Some(Cow::Owned(format!("https://{}", arn.host(true)))),
            format,
        };
        SignedClient::from_environment(service, &self.environment, self.connect).ok_or(PublishError::NoClient)
    }
}

/// The form of `Publish`. A FIFO topic takes a message with the same ID once in five minutes, and keeps all in order.
fn publication(topic: &ChannelArn, id: &MessageId, text: &SnsText) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("Action", "Publish");
    form.append_pair("Version", "2010-03-31");
    form.append_pair("TopicArn", topic.as_str());
    form.append_pair("Subject", &text.subject);
    form.append_pair("Message", &text.message);
    form.append_pair("MessageStructure", "json");
    for (number, (name, value)) in [("topic", text.topic), ("id", id.as_str())].into_iter().enumerate() {
        let entry = format!("MessageAttributes.entry.{}", number + 1);
        form.append_pair(&format!("{entry}.Name"), name);
        form.append_pair(&format!("{entry}.Value.DataType"), "String");
        form.append_pair(&format!("{entry}.Value.StringValue"), value);
    }
    if topic.is_fifo() {
        form.append_pair("MessageGroupId", SOURCE);
        form.append_pair("MessageDeduplicationId", id.as_str());
    }
    form.finish()
}

fn not_put(code: String, message: String) -> Problem {
    Problem { kind: kind_of_answer(&code, &message, None), code, message, request_id: None }
}

#[cfg(test)]
mod tests {
    use unstale_domain::{invalidations::problem::ProblemKind, notifications::ChannelKind};

    use super::*;

    fn form_of(arn: &str) -> Vec<(String, String)> {
        let topic = ChannelArn::parse(ChannelKind::Sns, arn).unwrap();
        let text = SnsText { subject: "a & b".to_owned(), message: "{}".to_owned(), topic: "failed" };
        let form = publication(&topic, &MessageId::from_trusted("m1"), &text);
        form_urlencoded::parse(form.as_bytes()).into_owned().collect()
    }

    #[test]
    fn a_fifo_topic_gets_the_id_by_which_it_knows_repetitions() {
        let form = form_of("arn:aws:sns:eu-central-1:123456789012:web");
        let has = |form: &[(String, String)], name: &str, value: &str| {
            form.contains(&(name.to_owned(), value.to_owned()))
        };
        assert!(has(&form, "Subject", "a & b") && has(&form, "Action", "Publish"));
        assert!(has(&form, "MessageAttributes.entry.2.Value.StringValue", "m1"));
        assert!(!form.iter().any(|(name, _)| name == "MessageDeduplicationId"));
        let form = form_of("arn:aws:sns:eu-central-1:123456789012:web.fifo");
        assert!(has(&form, "MessageDeduplicationId", "m1") && has(&form, "MessageGroupId", "unstale"));
    }

    #[test]
    fn an_error_says_whether_it_is_about_the_message() {
        let error = |code: &str| PublishError::Problem(not_put(code.to_owned(), "no".to_owned()));
        assert!(error("AuthorizationError").is_of_channel() && error("NotFound").is_of_channel());
        assert!(PublishError::NoClient.is_of_channel());
        assert!(!error("InvalidParameter").is_of_channel());
        assert_eq!(error("ThrottlingException").to_string(), "AWS answered ThrottlingException: no");
        assert_eq!(not_put("ThrottlingException".to_owned(), String::new()).kind, ProblemKind::Throttled);
    }
}
