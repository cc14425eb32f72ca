//! One signed call to S3.

use std::{
    error::Error as _,
    io,
    sync::PoisonError,
    time::{Duration, Instant},
};

use aws_credential_types::provider::ProvideCredentials;
use http_body_util::{BodyExt, Limited};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::HeaderName,
};
use rusty_s3::{Bucket, Credentials, S3Action};
use tokio::time::{sleep, timeout};
use unstale_runtime::metrics::CallOutcome;
use url::Url;

use super::{super::operation::AwsOperation, Client, S3Bucket, S3Error, SIGNED};

/// In which region a bucket is, on every answer of S3 that knows it, also on errors (API reference, `HeadBucket`).
const BUCKET_REGION: HeaderName = HeaderName::from_static("x-amz-bucket-region");
/// Of so many buckets the region is remembered.
const REGIONS_MAX: usize = 1_000;
/// The largest answer that is read but for listings and content: an error, or what was made.
const ANSWER_MAX: usize = 64 * 1024;
/// The longest word and sentence that are taken from an error.
const CODE_MAX: usize = 100;
const MESSAGE_MAX: usize = 500;
/// A header that is signed.
pub(super) type SignedHeader = (&'static str, String);

/// What is sent, and how long the answer may take.
#[derive(Clone)]
pub(super) struct S3Call {
    operation: AwsOperation,
    pub(super) headers: Vec<SignedHeader>,
    pub(super) body: Bytes,
    pub(super) time: Option<Duration>,
}

impl S3Call {
    /// One without content.
    pub(super) const fn new(operation: AwsOperation) -> Self {
        Self { operation, headers: Vec::new(), body: Bytes::new(), time: None }
    }

    /// Signs the action with the headers of this call.
    pub(super) fn sign<'a>(&'a self, mut action: impl S3Action<'a>) -> Url {
        for (name, value) in &self.headers {
            action.headers_mut().insert(*name, value.as_str());
        }
        action.sign(SIGNED)
    }

    fn method(&self) -> Method {
        match self.operation {
            AwsOperation::HeadObject => Method::HEAD,
            AwsOperation::PutObject | AwsOperation::UploadPart => Method::PUT,
            AwsOperation::CreateMultipartUpload | AwsOperation::CompleteMultipartUpload => Method::POST,
            AwsOperation::AbortMultipartUpload | AwsOperation::DeleteObject => Method::DELETE,
            _ => Method::GET,
        }
    }
}

/// What S3 answered, and the region in which it was asked.
pub(super) struct Asked {
    pub(super) answer: Response<Incoming>,
    pub(super) region: String,
}

impl Client {
    /// Makes one call in the region of the bucket. Where the region is not known, S3's first answer names it.
    pub(super) async fn ask(
        &self,
        bucket: &S3Bucket,
        call: &S3Call,
        sign: impl Fn(&Bucket, &Credentials) -> Url,
    ) -> Result<Asked, S3Error> {
        let given = self.credentials.provide_credentials().await;
        let given = given.map_err(|error| S3Error::Credentials(error.to_string()))?;
        let (key, secret) = (given.access_key_id(), given.secret_access_key());
        let credentials = match given.session_token() {
            Some(token) => Credentials::new_with_token(key, secret, token),
            None => Credentials::new(key, secret),
        };
        let known = || self.regions.lock().unwrap_or_else(PoisonError::into_inner).get(&bucket.name).cloned();
        let mut region = bucket.region.clone().or_else(known).unwrap_or_else(|| self.region.clone());
        let mut answer = self.send(bucket, &region, call, |at| sign(at, &credentials)).await?;
        let named = answer.headers().get(BUCKET_REGION).and_then(|value| value.to_str().ok());
        if let Some(named) = named.filter(|named| *named != region && !answer.status().is_success()) {
            named.clone_into(&mut region);
            answer = self.send(bucket, &region, call, |at| sign(at, &credentials)).await?;
            let mut regions = self.regions.lock().unwrap_or_else(PoisonError::into_inner);
            if regions.len() < REGIONS_MAX {
                regions.insert(bucket.name.clone(), region.clone());
            }
        }
        Ok(Asked { answer, region })
    }

    /// Makes a call until S3 takes it or refuses it: up to three times where it does not answer or is busy.
    pub(super) async fn ask_again(
        &self,
        bucket: &S3Bucket,
        call: &S3Call,
        sign: impl Fn(&Bucket, &Credentials) -> Url,
    ) -> Result<Asked, S3Error> {
        for pause in self.pauses {
            match self.taken(self.ask(bucket, call, &sign).await).await {
                Err(error) if error.may_pass() => sleep(pause).await,
                done => return done,
            }
        }
        self.taken(self.ask(bucket, call, &sign).await).await
    }

    /// Turns an answer that refuses into an error.
    pub(super) async fn taken(&self, asked: Result<Asked, S3Error>) -> Result<Asked, S3Error> {
        let asked = asked?;
        if asked.answer.status().is_success() { Ok(asked) } else { Err(self.refusal(asked.answer).await) }
    }

    /// Why S3 refused.
    pub(super) async fn refusal(&self, answer: Response<Incoming>) -> S3Error {
        let status = answer.status().as_u16();
        let text = self.read(answer.into_body(), ANSWER_MAX, self.call).await.unwrap_or_default();
        refused(status, &text)
    }

    /// A short answer.
    pub(super) async fn text(&self, answer: Response<Incoming>, time: Duration) -> Result<String, S3Error> {
        self.read(answer.into_body(), ANSWER_MAX, time).await
    }

    /// The whole content of an answer.
    pub(super) async fn read(&self, body: Incoming, max: usize, time: Duration) -> Result<String, S3Error> {
        let body = timeout(time, Limited::new(body, max).collect()).await;
        let body = body.map_err(|_| S3Error::TimedOut)?;
        let body = body.map_err(|error| S3Error::NoAnswer(error.to_string()))?.to_bytes();
        String::from_utf8(body.into()).map_err(|_| S3Error::Unreadable("it is not text".to_owned()))
    }

    async fn send(
        &self,
        bucket: &S3Bucket,
        region: &str,
        call: &S3Call,
        sign: impl Fn(&Bucket) -> Url,
    ) -> Result<Response<Incoming>, S3Error> {
        let no_address = || S3Error::Address(bucket.name.clone());
        let url = sign(&bucket.at(region, self.endpoint.as_ref()).ok_or_else(no_address)?);
        let mut request = Request::builder().method(call.method()).uri(url.as_str());
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        let request = request.body(call.body.clone().into());
        let begun = Instant::now();
        let answer = self.http.request(request.map_err(|_| no_address())?);
        let answer = match timeout(call.time.unwrap_or(self.call), answer).await {
            // The error's text has no address: a signed one is a secret for its minute.
            Ok(answer) => answer.map_err(|error| S3Error::NoAnswer(why_no_answer(&error))),
            Err(_) => Err(S3Error::TimedOut),
        };
        let outcome = answer.as_ref().map_or(CallOutcome::Failed, |answer| outcome(answer.status()));
        call.operation.count(outcome, begun);
        answer
    }
}

impl S3Error {
    /// Whether the same call may be taken a moment later.
    fn may_pass(&self) -> bool {
        match self {
            Self::NoAnswer(_) | Self::TimedOut => true,
            // S3 says `SlowDown` with 503, and `RequestTimeout` with 400 (API reference, error responses).
            Self::Refused { status, code, .. } => {
                (*status >= 500 && *status != 501) || *status == 429 || code == "RequestTimeout"
            }
            Self::Credentials(_) | Self::Address(_) | Self::Unreadable(_) => false,
        }
    }
}

/// What S3 says in an error.
pub(super) fn refused(status: u16, text: &str) -> S3Error {
    let (code, message) = code_and_message(text);
    S3Error::Refused { status, code, message }
}

/// The code and the message of an error in XML. Empty if it has none.
pub(crate) fn code_and_message(text: &str) -> (String, String) {
    let code = element(text, "Code", CODE_MAX).filter(|code| code.bytes().all(|b| b.is_ascii_alphanumeric()));
    let message = element(text, "Message", MESSAGE_MAX).filter(|message| !message.contains(['<', '\n']));
    let message = message.unwrap_or_default().replace("&quot;", "\"").replace("&apos;", "'");
    let message = message.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    (code.unwrap_or_default().to_owned(), message)
}

/// The text of the first element of this name, if it is not too long.
pub(super) fn element<'a>(text: &'a str, name: &str, max: usize) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    let (inside, _) = rest.split_once(&format!("</{name}>"))?;
    Some(inside).filter(|inside| inside.len() <= max)
}

/// What went wrong with a call that has no answer, in words for people. Hyper's own words are `client error (Connect)`.
fn why_no_answer(error: &hyper_util::client::legacy::Error) -> String {
    if !error.is_connect() {
        return "the connection ended before an answer".to_owned();
    }
    let (mut cause, mut failed) = (error.source(), None);
    while let Some(inner) = cause {
        failed = inner.downcast_ref::<io::Error>().or(failed);
        cause = inner.source();
    }
    match failed {
        Some(failed) if failed.kind() == io::ErrorKind::ConnectionRefused => {
            "the connection was refused".to_owned()
        }
        Some(failed) => format!("no connection could be made: {failed}"),
        None => "no connection could be made".to_owned(),
    }
}

/// How a call with this status ended. That an object is not there is an answer.
fn outcome(status: StatusCode) -> CallOutcome {
    match status {
        StatusCode::NOT_FOUND => CallOutcome::Ok,
        // S3 says `SlowDown` with 503 (API reference, error responses).
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => CallOutcome::Throttled,
        _ if status.is_server_error() => CallOutcome::Failed,
        _ if status.is_client_error() => CallOutcome::Refused,
        _ => CallOutcome::Ok,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_has_its_word_and_its_sentence() {
        for (text, expected) in [
            (
                "<Error><Code>AccessDenied</Code><Message>User: &quot;a&quot; &amp; b</Message></Error>",
                ("AccessDenied", "User: \"a\" & b"),
            ),
            ("<Error><Code><b>x</b></Code><Message><b>x</b></Message></Error>", ("", "")),
            ("<html>no</html>", ("", "")),
        ] {
            let S3Error::Refused { status: 403, code, message } = refused(403, text) else {
                panic!("{text}")
            };
            assert_eq!((code.as_str(), message.as_str()), expected, "{text}");
        }
    }

    #[test]
    fn only_what_may_pass_is_sent_again() {
        let may_pass = |status, code: &str| refused(status, &format!("<Code>{code}</Code>")).may_pass();
        assert!(
            may_pass(503, "SlowDown") && may_pass(500, "InternalError") && may_pass(400, "RequestTimeout")
        );
        assert!(S3Error::TimedOut.may_pass());
        for (status, code) in [(403, "AccessDenied"), (412, "PreconditionFailed"), (501, "NotImplemented")] {
            assert!(!may_pass(status, code), "{code}");
        }
    }
}
