//! The pricing plan manager's `ListSubscriptions`: which distributions are on flat-rate plans, in REST-JSON.

use hyper::body::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::errors::ApiError;
use super::reply::Reply;
use crate::state::{ACCOUNT, Distribution, State};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Ask {
    next_token: Option<String>,
}

pub(crate) fn answer(state: &State, body: &Bytes) -> Result<Reply, ApiError> {
    let ask: Ask = serde_json::from_slice(body).map_err(|_| ApiError::malformed_json())?;
    let from = match &ask.next_token {
        None => 0,
        Some(token) => token
            .strip_prefix("after-")
            .and_then(|number| number.parse::<usize>().ok())
            .ok_or_else(|| ApiError::trail("ValidationException", "The token is not valid."))?,
    };
    let all: Vec<Value> = state.distributions.iter().filter_map(subscription).collect();
    let size = state.settings.subscriptions_a_page.max(1);
    let page: Vec<&Value> = all.iter().skip(from).take(size).collect();
    let mut answer = json!({ "subscriptionSummaries": page });
    if from + size < all.len() {
        answer["nextToken"] = json!(format!("after-{}", from + size));
    }
    Ok(Reply::json(answer))
}

fn subscription(distribution: &Distribution) -> Option<Value> {
    let tier = distribution.flat_rate_plan.as_ref()?;
    let arn = format!("arn:aws:pricingplanmanager::{ACCOUNT}:subscription/{}", distribution.id);
    Some(json!({
        "arn": arn,
        "planFamily": "CloudFront",
        "planTier": tier,
        "status": "ACTIVE",
        "resourceArns": [distribution.arn(), format!("arn:aws:wafv2:us-east-1:{ACCOUNT}:global/webacl/sandbox/1")],
        "createdAt": distribution.last_modified,
        "updatedAt": distribution.last_modified,
        "eTag": distribution.version(),
    }))
}
