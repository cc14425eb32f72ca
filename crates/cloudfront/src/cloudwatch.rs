//! The CloudWatch client. CloudWatch knows how much viewers ask of a distribution; CloudFront does not return that.

use std::{borrow::Cow, collections::HashMap, sync::Arc, time::Duration};

use serde::Deserialize;
use serde_json::{Value, json};

use unstale_domain::{
    distributions::traffic::Traffic, id::DistributionId, invalidations::problem::Problem, time::Timestamp,
};

use super::{
    client::{Connect, unreadable},
    environment::{AwsEnvironment, REGION},
    operation::AwsOperation,
    signed_call::{BodyFormat, SignedClient, SignedOperation, SignedService},
};

/// The most metrics of one call (`GetMetricData`, API reference). AWS bills each metric that is asked for.
pub const METRICS_A_CALL: usize = 500;
/// The time over which requests are counted.
const SPAN: Duration = Duration::from_hours(1);
/// How far the span lies back: CloudFront's metrics arrive some minutes late.
const LATE: Duration = Duration::from_mins(5);
/// One data point in seconds. The span begins and ends with one, so that it has 12 of them whatever CloudWatch rounds its
/// start to.
const PERIOD: i64 = 300;
/// The most pages of one call. All data points of 500 metrics fit on the first (100,800 a page).
const PAGES: usize = 10;

/// CloudFront's metrics are in this region alone, with the dimension `Region=Global` (developer guide, "Viewing CloudFront
/// and edge function metrics"). CloudWatch speaks three protocols; this is the one of plain JSON.
const SERVICE: SignedService = SignedService {
    id: "CloudWatch",
    signing_name: "monitoring",
    region: Cow::Borrowed(REGION),
    endpoint: Cow::Borrowed("https://monitoring.us-east-1.amazonaws.com"),
    fips_endpoint: Some(Cow::Borrowed("https://monitoring-fips.us-east-1.amazonaws.com")),
    format: BodyFormat::Json("application/x-amz-json-1.0"),
};
const GET_METRIC_DATA: SignedOperation = SignedOperation {
    operation: AwsOperation::GetMetricData,
    path: "/",
    target: Some("GraniteServiceVersion20100801.GetMetricData"),
};

/// A client for CloudWatch in the region that has CloudFront's metrics, or for an emulator. Clones share it.
#[derive(Debug, Clone)]
pub struct CloudWatch(Arc<SignedClient>);

/// A metric of CloudFront.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Metric {
    /// The number of viewers' requests. It is free of charge at CloudFront.
    Requests,
    /// The percentage of cacheable requests that the cache answered. It is there only where the additional metrics are
    /// switched on.
    CacheHitRate,
}

impl Metric {
    const fn name(self) -> &'static str {
        match self {
            Self::Requests => "Requests",
            Self::CacheHitRate => "CacheHitRate",
        }
    }

    const fn statistic(self) -> &'static str {
        match self {
            Self::Requests => "Sum",
            Self::CacheHitRate => "Average",
        }
    }
}

/// The data points of one metric, by their times in whole seconds.
type Points = HashMap<i64, f64>;

impl CloudWatch {
    /// Makes a client with the configuration of the environment. Makes no call. `None` if CloudWatch cannot be asked: there
    /// are no credentials, or only CloudFront has an endpoint of its own.
    #[must_use]
    pub fn from_environment(environment: &AwsEnvironment, connect: Connect) -> Option<Self> {
        SignedClient::from_environment(SERVICE, environment, connect).map(|client| Self(Arc::new(client)))
    }

    /// Makes a client for an emulator at this address with this access key. Does not read the environment.
    #[must_use]
    pub fn at(endpoint: &str, access_key: &str, secret_key: &str, connect: Connect) -> Self {
        Self(Arc::new(SignedClient::at(SERVICE, endpoint, (access_key, secret_key), connect)))
    }

    /// What viewers asked of up to [`METRICS_A_CALL`] distributions in the last hour. A distribution without a data point
    /// was asked for nothing. Hit rates are read only of those with at least `busy` requests a minute: each metric costs.
    pub async fn traffic(
        &self,
        distributions: &[DistributionId],
        busy: u64,
        now: Timestamp,
    ) -> Result<Vec<(DistributionId, Traffic)>, Problem> {
        let until = end_of_period(now.minus(LATE));
        let requests = self.points(distributions, Metric::Requests, until).await?;
        let mut traffic: Vec<(DistributionId, Traffic)> = Vec::with_capacity(distributions.len());
        let mut busy_ones = Vec::new();
        for (id, points) in distributions.iter().zip(&requests) {
            let requests_a_minute = a_minute(points);
            if requests_a_minute >= busy {
                busy_ones.push(id.clone());
            }
            let measured = Traffic { requests_a_minute, hits_per_thousand: None, measured_at: until };
            traffic.push((id.clone(), measured));
        }
        if busy_ones.is_empty() {
            return Ok(traffic);
        }
        let rates = self.points(&busy_ones, Metric::CacheHitRate, until).await?;
        let rates: HashMap<DistributionId, Points> = busy_ones.into_iter().zip(rates).collect();
        for ((id, measured), points) in traffic.iter_mut().zip(&requests) {
            measured.hits_per_thousand = rates.get(id).and_then(|rates| hits_per_thousand(rates, points));
        }
        Ok(traffic)
    }

    /// The data points of one metric, in the order of the distributions.
    async fn points(
        &self,
        distributions: &[DistributionId],
        metric: Metric,
        until: Timestamp,
    ) -> Result<Vec<Points>, Problem> {
        let mut all = vec![Points::new(); distributions.len()];
        let mut request = json!({
            "StartTime": seconds(until.minus(SPAN)),
            "EndTime": seconds(until),
            "MetricDataQueries":
                distributions.iter().enumerate().map(|(n, id)| query(n, id, metric)).collect::<Vec<_>>(),
        });
        for _ in 0..PAGES {
            let answer = self.0.call(GET_METRIC_DATA, request.to_string()).await?;
            let page: MetricPage = serde_json::from_value(answer).map_err(|_| unreadable())?;
            for result in page.results {
                let number = result.id.strip_prefix('m').and_then(|number| number.parse::<usize>().ok());
                let Some(points) = number.and_then(|number| all.get_mut(number)) else { continue };
                let values = result.timestamps.iter().copied().map(whole).zip(result.values);
                points.extend(values.filter(|(_, value)| value.is_finite() && *value >= 0.0));
            }
            match page.next_token.filter(|token| !token.is_empty()) {
                Some(token) => request["NextToken"] = json!(token),
                None => return Ok(all),
            }
        }
        Ok(all)
    }
}

fn query(number: usize, distribution: &DistributionId, metric: Metric) -> Value {
    json!({
        // A name begins with a lower-case letter, which an ID does not.
        "Id": format!("m{number}"),
        "MetricStat": {
            "Metric": {
                "Namespace": "AWS/CloudFront",
                "MetricName": metric.name(),
                "Dimensions": [
                    {"Name": "DistributionId", "Value": distribution.as_str()},
                    {"Name": "Region", "Value": "Global"},
                ],
            },
            "Period": PERIOD,
            "Stat": metric.statistic(),
        },
    })
}

/// The part of an answer that is read.
#[derive(Deserialize)]
struct MetricPage {
    #[serde(rename = "MetricDataResults", default)]
    results: Vec<MetricResult>,
    #[serde(rename = "NextToken")]
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MetricResult {
    id: String,
    #[serde(default)]
    timestamps: Vec<f64>,
    #[serde(default)]
    values: Vec<f64>,
}

/// The last end of a period before a time.
fn end_of_period(at: Timestamp) -> Timestamp {
    let period = PERIOD * 1_000_000;
    Timestamp::from_micros(at.as_micros().div_euclid(period) * period)
}

fn seconds(at: Timestamp) -> i64 {
    at.as_micros().div_euclid(1_000_000)
}

#[expect(clippy::cast_possible_truncation, reason = "a time in seconds is a whole number far below 2^52")]
fn whole(seconds: f64) -> i64 {
    seconds as i64
}

/// The requests a minute over the span. A period without a data point had none.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is not negative, and a number that is too large becomes the largest one"
)]
fn a_minute(requests: &Points) -> u64 {
    let minutes = SPAN.as_secs_f64() / 60.0;
    (requests.values().sum::<f64>() / minutes).round() as u64
}

/// The mean hit rate, each period weighted with its requests. `None` if CloudFront does not measure it.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it lies between 0 and 1,000")]
fn hits_per_thousand(rates: &Points, requests: &Points) -> Option<u32> {
    let weighted = rates.iter().filter_map(|(at, rate)| Some((rate.clamp(0.0, 100.0), *requests.get(at)?)));
    let (hits, all) =
        weighted.fold((0.0, 0.0), |(hits, all), (rate, weight)| (hits + rate * weight, all + weight));
    (all > 0.0).then(|| (hits / all * 10.0).round() as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_counts_busy_minutes_more() {
        let requests = Points::from([(0, 9_000.0), (300, 1_000.0), (600, 0.0)]);
        assert_eq!(a_minute(&requests), 167);
        let rates = Points::from([(0, 100.0), (300, 50.0), (900, 1.0)]);
        assert_eq!(hits_per_thousand(&rates, &requests), Some(950));
        assert_eq!(hits_per_thousand(&Points::new(), &requests), None, "it is not measured");
        assert_eq!(hits_per_thousand(&Points::from([(600, 10.0)]), &requests), None, "nobody asked");
        assert_eq!(a_minute(&Points::new()), 0);
        let end = end_of_period(Timestamp::parse("2026-11-29T21:58:31Z").unwrap());
        assert_eq!(end, Timestamp::parse("2026-11-29T21:55:00Z").unwrap());
    }
}
