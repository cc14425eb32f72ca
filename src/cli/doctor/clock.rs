//! The clock of this machine, beside that of AWS.

use std::time::Duration;

use http_body_util::Full;
use hyper::{Request, header};

use crate::{
    clock::Clock,
    domain::{
        causes::with_causes,
        examination::Report,
        time::{Timestamp, span_in_words},
    },
    outgoing,
};

const CLOUDFRONT: &str = "https://cloudfront.amazonaws.com/";
/// How long the answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// `Date` has whole seconds. What is off by more makes checks doubt what they see.
const NOTABLE: Duration = Duration::from_secs(5);
/// AWS refuses a signature that is off by five minutes.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html>
const REFUSED: Duration = Duration::from_mins(5);

pub(super) async fn examine(report: &mut Report) {
    let place = std::env::var("AWS_ENDPOINT_URL_CLOUDFRONT").ok().filter(|place| !place.is_empty());
    let place = place.as_deref().unwrap_or(CLOUDFRONT);
    let fix = "Have the clock set by a time server (NTP).";
    match tokio::time::timeout(PATIENCE, time_at(place)).await {
        Ok(Ok(theirs)) => {
            let ours = Clock::system().now();
            let (off, side) =
                if ours < theirs { (theirs.since(ours), "behind") } else { (ours.since(theirs), "ahead of") };
            let message = format!("{} {side} that of AWS", span_in_words(off));
            if off < NOTABLE {
                report.ok("clock", format!("within {} of that of AWS", span_in_words(NOTABLE)));
            } else if off < REFUSED {
                report.warning("clock", message, fix);
            } else {
                report.error("clock", message, fix);
            }
        }
        Ok(Err(why)) => report.not_checked("clock", format!("{place} gave no time: {why}")),
        Err(_) => report.not_checked("clock", format!("{place} did not answer in time")),
    }
}

/// The `Date` of an answer, which any answer has.
async fn time_at(place: &str) -> Result<Timestamp, String> {
    let client = outgoing::client().map_err(|error| with_causes(&error))?;
    let request = Request::head(place).body(Full::default()).map_err(|error| with_causes(&error))?;
    let answer = client.request(request).await.map_err(|error| with_causes(&error))?;
    let date = answer.headers().get(header::DATE).and_then(|date| date.to_str().ok());
    date.and_then(Timestamp::of_http_date).ok_or_else(|| "its answer has no Date".to_owned())
}
