//! Asks S3 what a bucket has, and keeps backups in one. `rusty-s3` signs; the SDK's client for S3 would compile for minutes to
//! make a few calls.

mod address;
mod call;
mod get;
mod list;
mod multipart;
mod put;

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use aws_credential_types::provider::SharedCredentialsProvider;
use hyper::header::HeaderMap;
use rusty_s3::{Bucket, Credentials, S3Action};
use unstale_outgoing::{OutgoingClient, OutgoingError};
use url::Url;

use super::{
    environment::{AwsEnvironment, REGION},
    operation::AwsOperation,
    settings,
};

pub use address::S3Bucket;
pub use get::S3Download;
pub use list::{ListedObject, ListedPage};
pub use multipart::{MultipartUpload, UploadedPart};
pub use put::{HashedContent, NewObject};

pub(super) use call::code_and_message;
use call::{Asked, S3Call};

/// How long a signed address holds. It is used at once.
const SIGNED: Duration = Duration::from_mins(1);
/// How long one call may take, with the connection. Where content is read, that may take as long again.
const CALL: Duration = Duration::from_secs(10);
/// How long a call may take that sends content, or for which S3 puts content together: a part of 8 MiB arrives in this time over
/// a line of 0.25 Mbit/s.
const CONTENT: Duration = Duration::from_mins(5);

/// The pauses before a call with content is sent again.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(4)];

/// Reads from S3, and writes to it, with the credentials of the environment. Clones share its connections.
#[derive(Debug, Clone)]
pub struct S3(Arc<Client>);

struct Client {
    http: OutgoingClient,
    credentials: SharedCredentialsProvider,
    /// The endpoint that is set, in place of AWS's.
    endpoint: Option<Url>,
    region: String,
    /// The regions of buckets that were asked in another one first.
    regions: Mutex<BTreeMap<String, String>>,
    /// How long one call may take, with the connection.
    call: Duration,
    /// How long a call with content may take.
    content: Duration,
    /// The pauses before a call is sent again.
    pauses: [Duration; 2],
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
    /// S3 refuses, with its status, its own word for it, such as `AccessDenied`, and its own sentence.
    #[error("S3 answered with {status} {code}")]
    Refused { status: u16, code: String, message: String },
    #[error("what S3 answered cannot be read: {0}")]
    Unreadable(String),
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
        Ok(Some(Self(Arc::new(Client {
            http,
            credentials,
            endpoint,
            region,
            regions: Mutex::default(),
            call: CALL,
            content: CONTENT,
            pauses: PAUSES,
        }))))
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
            regions: Mutex::default(),
            call,
            content: call,
            pauses: [Duration::ZERO; 2],
        };
        Ok(Self(Arc::new(client)))
    }

    /// What the bucket says of one object, without its content.
    pub async fn head(&self, bucket: &S3Bucket, key: &str) -> Result<ObjectHead, S3Error> {
        let sign =
            |at: &Bucket, credentials: &Credentials| at.head_object(Some(credentials), key).sign(SIGNED);
        let call = S3Call::new(AwsOperation::HeadObject);
        let Asked { answer, .. } = self.0.ask(bucket, &call, sign).await?;
        Ok(ObjectHead { status: answer.status().as_u16(), headers: answer.headers().clone() })
    }
}
