//! CloudTrail's `LookupEvents`: who made the invalidations. Only what the service asks for: by event name, in JSON 1.1.

use hyper::body::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::errors::ApiError;
use super::reply::Reply;
use crate::state::{ACCOUNT, Invalidation, Ledger, State};

/// CloudTrail keeps events for so long.
const DAYS: i64 = 90;
/// The most rows of a page, and how many there are where nobody says.
const ROWS: usize = 50;
/// Calls a second of one account and region.
const RATE: usize = 2;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Lookup {
    #[serde(default, rename = "LookupAttributes")]
    attributes: Vec<Attribute>,
    start_time: Option<f64>,
    end_time: Option<f64>,
    max_results: Option<usize>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Attribute {
    #[serde(rename = "AttributeKey")]
    key: String,
    #[serde(rename = "AttributeValue")]
    value: String,
}

pub(crate) fn answer(state: &mut State, now: Timestamp, body: &Bytes) -> Result<Reply, ApiError> {
    let lookup: Lookup = serde_json::from_slice(body).map_err(|_| ApiError::malformed_json())?;
    keep_pace(state, now)?;
    let size = lookup.max_results.unwrap_or(ROWS);
    if !(1..=ROWS).contains(&size) {
        return Err(ApiError::trail("InvalidMaxResultsException", "MaxResults must lie between 1 and 50."));
    }
    let from = match &lookup.next_token {
        None => 0,
        Some(token) => token
            .strip_prefix("after-")
            .and_then(|number| number.parse::<usize>().ok())
            .ok_or_else(|| ApiError::trail("InvalidNextTokenException", "The token is not valid."))?,
    };
    let found = found(state, now, &lookup);
    let events: Vec<Value> = found.iter().skip(from).take(size).map(|made| event(made)).collect();
    let mut answer = json!({ "Events": events });
    if from + size < found.len() {
        answer["NextToken"] = json!(format!("after-{}", from + size));
    }
    Ok(Reply::json(answer))
}

/// AWS counts for the account; a burst within the same instant is all that a clock which stands still can tell.
fn keep_pace(state: &mut State, now: Timestamp) -> Result<(), ApiError> {
    state.lookups.retain(|at| now.duration_since(*at) < SignedDuration::from_secs(1));
    if state.lookups.len() >= RATE {
        return Err(ApiError::trail("ThrottlingException", "Rate exceeded"));
    }
    state.lookups.push(now);
    Ok(())
}

/// What is asked for, newest first.
fn found<'a>(state: &'a State, now: Timestamp, lookup: &Lookup) -> Vec<&'a Invalidation> {
    let wanted =
        |attribute: &Attribute| attribute.key == "EventName" && attribute.value == "CreateInvalidation";
    if !lookup.attributes.iter().all(wanted) {
        return Vec::new();
    }
    let delay = SignedDuration::from_millis(i64::try_from(state.settings.trail_after_ms).unwrap_or(i64::MAX));
    let oldest = SignedDuration::from_hours(24 * DAYS);
    let seconds = |at: Timestamp| at.duration_since(Timestamp::UNIX_EPOCH).as_secs_f64();
    let mut all: Vec<&Invalidation> = state
        .ledgers
        .values()
        .flat_map(Ledger::all)
        .filter(|made| {
            let age = now.duration_since(made.created_at);
            age >= delay
                && age <= oldest
                && lookup.start_time.is_none_or(|start| seconds(made.created_at) >= start)
                && lookup.end_time.is_none_or(|end| seconds(made.created_at) <= end)
        })
        .collect();
    all.sort_by(|a, b| (b.created_at, &b.id).cmp(&(a.created_at, &a.id)));
    all
}

fn event(made: &Invalidation) -> Value {
    let who = &made.made_by;
    // CloudTrail's times are whole seconds.
    let at = made.created_at.as_second();
    let time = Timestamp::from_second(at).map(|at| at.to_string()).unwrap_or_default();
    let record = json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "IAMUser",
            "principalId": "AIDASANDBOX",
            "arn": format!("arn:aws:iam::{ACCOUNT}:user/{who}"),
            "accountId": ACCOUNT,
            "accessKeyId": who,
            "userName": who,
        },
        "eventTime": time,
        "eventSource": "cloudfront.amazonaws.com",
        "eventName": "CreateInvalidation",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "192.0.2.44",
        "userAgent": "aws-cli/2.31 sandbox",
        "requestParameters": {
            "distributionId": made.distribution,
            "invalidationBatch": {
                "callerReference": made.caller_reference,
                "paths": { "quantity": made.items.len(), "items": made.items },
            },
        },
        "responseElements": {
            "location": format!(
                "https://cloudfront.amazonaws.com/2020-05-31/distribution/{}/invalidation/{}",
                made.distribution, made.id
            ),
            "invalidation": { "id": made.id, "status": "InProgress" },
        },
        "requestID": format!("request-{}", made.id),
        "eventID": format!("event-{}", made.id),
        "readOnly": false,
        "eventType": "AwsApiCall",
        "recipientAccountId": ACCOUNT,
    });
    json!({
        "EventId": format!("event-{}", made.id),
        "EventName": "CreateInvalidation",
        "ReadOnly": "false",
        "AccessKeyId": who,
        "EventTime": at,
        "EventSource": "cloudfront.amazonaws.com",
        "Username": who,
        "Resources": [],
        "CloudTrailEvent": record.to_string(),
    })
}
