//! Asks S3 what a bucket has: the head of one object, or a page of its listing. `rusty-s3` signs; the SDK's client for S3 would compile for
//! minutes to make two calls.

mod address;
mod list;

use std::{
    error::Error as _,
    fmt, io,
    sync::Arc,
    time::{Duration, Instant},
};

use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{HeaderMap, HeaderName},
};
use rusty_s3::{Bucket, Credentials, S3Action};
use tokio::time::timeout;
use unstale_outgoing::{OutgoingClient, OutgoingError};
use unstale_runtime::metrics::CallOutcome;
use url::Url;

use super::{
    environment::{AwsEnvironment, REGION},
    operation::AwsOperation,
    settings,
};

pub use address::S3Bucket;
pub use list::{ListedObject, ListedPage};

/// How long a signed address holds. It is used at once.
const SIGNED: Duration = Duration::from_mins(1);
/// How long one call may take, with the connection. Where content is read, that may take as long again.
const CALL: Duration = Duration::from_secs(10);
/// In which region a bucket is, on every answer of S3 that knows it, also on errors (API reference, `HeadBucket`).
const BUCKET_REGION: HeaderName = HeaderName::from_static("x-amz-bucket-region");

/// Reads from S3 with the credentials of the environment. Clones share its connections.
#[derive(Debug, Clone)]
pub struct S3(Arc<Client>);

struct Client {
    http: OutgoingClient,
    credentials: SharedCredentialsProvider,
    /// The endpoint that is set, in place of AWS's.
    endpoint: Option<Url>,
    region: String,
    /// How long one call may take, with the connection.
    call: Duration,
}

/// What S3 answered, and the region in which it was asked.
struct Asked {
    answer: Response<Incoming>,
    region: String,
}

impl fmt::Debug for Client {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("S3").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// Why S3 could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum S3Error {
    #[error("there are no credentials for S3: {0}")]
    Credentials(String),
    #[error("the bucket {0} has no address")]
    Address(String),
    #[error("S3 did not answer: {0}")]
    NoAnswer(String),
    #[error("S3 did not answer in time")]
    TimedOut,
    /// S3 refuses, with its status and its own word for it, such as `AccessDenied`.
    #[error("S3 answered with {status} {code}")]
    Refused { status: u16, code: String },
    #[error("what S3 answered cannot be read: {0}")]
    Unreadable(String),
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

/// The head of an answer about one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectHead {
    /// 200 if the object is there. 404 if it is not, 403 if that may not be known.
    pub status: u16,
    pub headers: HeaderMap,
}

impl S3 {
    /// Makes a client with the configuration of the environment. Makes no call. `None` if the environment has no
    /// source of credentials.
    pub fn from_environment(environment: &AwsEnvironment) -> Result<Option<Self>, OutgoingError> {
        let config = environment.sdk();
        let Some(credentials) = config.credentials_provider() else { return Ok(None) };
        let region = config.region().map_or(REGION, |region| region.as_ref()).to_owned();
        let endpoint = settings::endpoint(config, "S3").and_then(|url| Url::parse(&url).ok());
        let http = unstale_outgoing::client()?;
        Ok(Some(Self(Arc::new(Client { http, credentials, endpoint, region, call: CALL }))))
    }

    /// Makes a client for a stand-in at this address, for calls that take no longer than `call`. Does not read the
    /// settings of AWS.
    pub fn at(
        endpoint: &Url,
        access_key: &str,
        secret_key: &str,
        call: Duration,
    ) -> Result<Self, OutgoingError> {
        let credentials = aws_credential_types::Credentials::new(access_key, secret_key, None, None, "given");
        let client = Client {
            http: unstale_outgoing::client()?,
            credentials: SharedCredentialsProvider::new(credentials),
            endpoint: Some(endpoint.clone()),
            region: REGION.to_owned(),
            call,
        };
        Ok(Self(Arc::new(client)))
    }

    /// What the bucket says of one object, without its content.
    pub async fn head(&self, bucket: &S3Bucket, key: &str) -> Result<ObjectHead, S3Error> {
        let sign =
            |at: &Bucket, credentials: &Credentials| at.head_object(Some(credentials), key).sign(SIGNED);
        let Asked { answer, .. } = self.0.ask(bucket, AwsOperation::HeadObject, sign).await?;
        Ok(ObjectHead { status: answer.status().as_u16(), headers: answer.headers().clone() })
    }
}

impl Client {
    /// Makes one call in the region of the bucket. Where the region is not known, S3's first answer names it.
    async fn ask(
        &self,
        bucket: &S3Bucket,
        operation: AwsOperation,
        sign: impl Fn(&Bucket, &Credentials) -> Url,
    ) -> Result<Asked, S3Error> {
        let given = self.credentials.provide_credentials().await;
        let given = given.map_err(|error| S3Error::Credentials(error.to_string()))?;
        let (key, secret) = (given.access_key_id(), given.secret_access_key());
        let credentials = match given.session_token() {
            Some(token) => Credentials::new_with_token(key, secret, token),
            None => Credentials::new(key, secret),
        };
        let mut region = bucket.region.clone().unwrap_or_else(|| self.region.clone());
        let mut answer = self.send(bucket, &region, operation, |at| sign(at, &credentials)).await?;
        let named = answer.headers().get(BUCKET_REGION).and_then(|value| value.to_str().ok());
        if let Some(named) = named.filter(|named| *named != region && !answer.status().is_success()) {
            named.clone_into(&mut region);
            answer = self.send(bucket, &region, operation, |at| sign(at, &credentials)).await?;
        }
        Ok(Asked { answer, region })
    }

    async fn send(
        &self,
        bucket: &S3Bucket,
        region: &str,
        operation: AwsOperation,
        sign: impl Fn(&Bucket) -> Url,
    ) -> Result<Response<Incoming>, S3Error> {
        let no_address = || S3Error::Address(bucket.name.clone());
        let url = sign(&bucket.at(region, self.endpoint.as_ref()).ok_or_else(no_address)?);
        let method = if operation == AwsOperation::HeadObject { Method::HEAD } else { Method::GET };
        let request = Request::builder().method(method).uri(url.as_str()).body(Bytes::new().into());
        let begun = Instant::now();
        let answer = self.http.request(request.map_err(|_| no_address())?);
        let answer = match timeout(self.call, answer).await {
            // The error's text has no address: a signed one is a secret for its minute.
            Ok(answer) => answer.map_err(|error| S3Error::NoAnswer(why_no_answer(&error))),
            Err(_) => Err(S3Error::TimedOut),
        };
        operation
            .count(answer.as_ref().map_or(CallOutcome::Failed, |answer| outcome(answer.status())), begun);
        answer
    }
}
