//! CloudWatch's `GetMetricData`: how much viewers ask for. Only CloudFront's `Requests` and `CacheHitRate`, in JSON 1.0.
//!
//! The numbers are those that the distribution was given and not what its edge was asked for.

use std::collections::HashSet;

use hyper::body::Bytes;
use serde::Deserialize;
use serde_json::json;

use super::errors::ApiError;
use super::reply::Reply;
use crate::state::State;

/// The most queries of one call, and the most data points of a page (API reference).
const QUERIES: usize = 500;
const POINTS: usize = 100_800;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Ask {
    metric_data_queries: Vec<Query>,
    start_time: f64,
    end_time: f64,
    next_token: Option<String>,
    max_datapoints: Option<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Query {
    id: String,
    #[serde(rename = "MetricStat")]
    stat: MetricStat,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct MetricStat {
    metric: Metric,
    period: i64,
    #[serde(rename = "Stat")]
    statistic: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Metric {
    namespace: String,
    #[serde(rename = "MetricName")]
    name: String,
    dimensions: Vec<Dimension>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Dimension {
    name: String,
    value: String,
}

pub(crate) fn answer(state: &State, body: &Bytes) -> Result<Reply, ApiError> {
    let ask: Ask = serde_json::from_slice(body).map_err(|_| ApiError::malformed_json())?;
    check(&ask)?;
    let from = match &ask.next_token {
        None => 0,
        Some(token) => token
            .strip_prefix("after-")
            .and_then(|number| number.parse::<usize>().ok())
            .ok_or_else(|| ApiError::trail("InvalidNextToken", "The token is not valid."))?,
    };
    let most = ask.max_datapoints.unwrap_or(state.settings.data_points_a_page).clamp(1, POINTS);
    let (mut results, mut points) = (Vec::new(), 0);
    for query in ask.metric_data_queries.iter().skip(from) {
        let found = data(state, &ask, &query.stat);
        // A page has at least one result, so that there is an end.
        if points > 0 && points + found.len() > most {
            break;
        }
        points += found.len();
        let (times, values): (Vec<i64>, Vec<f64>) = found.into_iter().unzip();
        results.push(json!({
            "Id": query.id,
            "Label": query.stat.metric.name,
            "Timestamps": times,
            "Values": values,
            "StatusCode": "Complete",
        }));
    }
    let next = from + results.len();
    let mut answer = json!({ "MetricDataResults": results, "Messages": [] });
    if next < ask.metric_data_queries.len() {
        answer["NextToken"] = json!(format!("after-{next}"));
    }
    Ok(Reply::json(answer))
}

fn check(ask: &Ask) -> Result<(), ApiError> {
    let no = |message: &str| Err(ApiError::trail("ValidationError", message));
    let queries = &ask.metric_data_queries;
    if !(1..=QUERIES).contains(&queries.len()) {
        return no("The collection MetricDataQueries must have between 1 and 500 members.");
    }
    let names: HashSet<&str> = queries.iter().map(|query| query.id.as_str()).collect();
    let is_name = |id: &str| {
        id.starts_with(|first: char| first.is_ascii_lowercase())
            && id.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
    };
    if names.len() < queries.len() || !names.iter().all(|id| is_name(id)) {
        return no("The values for parameter Id in MetricDataQueries are not unique, or not valid.");
    }
    if queries.iter().any(|query| query.stat.period < 60 || query.stat.period % 60 != 0) {
        return no("Period must be a multiple of 60.");
    }
    if ask.start_time >= ask.end_time {
        return no("The parameter StartTime must be less than the parameter EndTime.");
    }
    Ok(())
}

/// The data points, newest first.
#[expect(clippy::cast_possible_truncation, reason = "a time in seconds is a whole number far below 2^52")]
fn data(state: &State, ask: &Ask, stat: &MetricStat) -> Vec<(i64, f64)> {
    let Some(value) = value(state, stat) else { return Vec::new() };
    let (start, end) = (ask.start_time as i64, ask.end_time as i64);
    // CloudWatch rounds the start down to the minute, and its periods begin at whole multiples.
    let first = (start - start.rem_euclid(60)).div_euclid(stat.period) * stat.period;
    let first = if first < start - start.rem_euclid(60) { first + stat.period } else { first };
    let step = usize::try_from(stat.period).unwrap_or(usize::MAX);
    let mut points: Vec<(i64, f64)> = (first..end).step_by(step).map(|at| (at, value)).collect();
    points.reverse();
    points
}

/// What each period has. `None` if the metric has no data.
#[expect(clippy::cast_precision_loss, reason = "no site has so many requests")]
fn value(state: &State, stat: &MetricStat) -> Option<f64> {
    let metric = &stat.metric;
    let dimension = |name: &str| {
        let found = metric.dimensions.iter().find(|dimension| dimension.name == name);
        found.map(|dimension| dimension.value.as_str())
    };
    let is_whole = metric.dimensions.len() == 2 && dimension("Region") == Some("Global");
    if metric.namespace != "AWS/CloudFront" || !is_whole {
        return None;
    }
    let distribution = state.distribution(dimension("DistributionId")?)?;
    if distribution.requests_a_minute == 0 {
        return None;
    }
    match (metric.name.as_str(), stat.statistic.as_str()) {
        ("Requests", "Sum") => Some(distribution.requests_a_minute as f64 * stat.period as f64 / 60.0),
        ("CacheHitRate", "Average") => distribution.hit_rate.map(f64::from),
        _ => None,
    }
}
