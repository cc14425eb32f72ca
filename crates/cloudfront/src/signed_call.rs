//! Makes a signed call to a service of AWS for which Unstale has no SDK: an SDK's client compiles for minutes, and these
//! services are asked for one thing each.
//!
//! The call goes through the SDK's own HTTP client, with its proxies, certificates and time-outs. It is made once,
//! without retries: the rows in the database say when it is made again.

use std::{
    borrow::Cow,
    time::{Duration, SystemTime},
};

use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, SharedCredentialsProvider, error::CredentialsError},
};
use aws_sdk_cloudfront::config::SharedHttpClient;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError},
};
use aws_smithy_types::{
    body::SdkBody,
    error::{ErrorMetadata, metadata::ProvideErrorMetadata},
};
use serde_json::Value;

use unstale_domain::invalidations::problem::Problem;
use unstale_runtime::clock::Clock;

use super::{
    client::Connect,
    credentials::{self, Missing},
    environment::AwsEnvironment,
    http_client,
    operation::AwsOperation,
    s3, settings,
};

/// What the body of a request is, and that of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyFormat {
    /// JSON with this media type.
    Json(&'static str),
    /// A form, whose answer is XML of which only errors are read: the AWS query protocol.
    Form,
}

impl BodyFormat {
    const fn content_type(self) -> &'static str {
        match self {
            Self::Json(content_type) => content_type,
            Self::Form => "application/x-www-form-urlencoded",
        }
    }
}

/// A service, and how it is called.
#[derive(Debug, Clone)]
pub(super) struct SignedService {
    /// Its name in the settings of endpoints: `CloudWatch` for `AWS_ENDPOINT_URL_CLOUDWATCH`.
    pub id: &'static str,
    /// Its name in signatures.
    pub signing_name: &'static str,
    /// The region that its requests are signed for.
    pub region: Cow<'static, str>,
    /// AWS's own address for it.
    pub endpoint: Cow<'static, str>,
    /// The address for those who may use validated cryptography only (FIPS 140). `None` if there is none.
    pub fips_endpoint: Option<Cow<'static, str>>,
    pub format: BodyFormat,
}

impl SignedService {
    /// Where it is asked: at an endpoint of its own, or at AWS's. `None` if it must not be asked.
    fn endpoint(&self, own: Option<String>, cloudfront_has_its_own: bool, fips: bool) -> Option<String> {
        match own {
            Some(endpoint) => Some(endpoint),
            None if cloudfront_has_its_own => None,
            None if fips => self.fips_endpoint.clone().map(Cow::into_owned),
            None => Some(self.endpoint.clone().into_owned()),
        }
    }
}

/// One operation of a service.
#[derive(Debug, Clone, Copy)]
pub(super) struct SignedOperation {
    pub operation: AwsOperation,
    pub path: &'static str,
    /// The value of `X-Amz-Target`, where the protocol has one.
    pub target: Option<&'static str>,
}

/// A client for one service.
#[derive(Debug, Clone)]
pub(super) struct SignedClient {
    service: SignedService,
    endpoint: String,
    http: SharedHttpClient,
    credentials: SharedCredentialsProvider,
    connect: Connect,
}

/// The error of an answer.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct CallError(ErrorMetadata);

impl ProvideErrorMetadata for CallError {
    fn meta(&self) -> &ErrorMetadata {
        &self.0
    }
}

impl SignedClient {
    /// Makes a client with the configuration of the environment. Makes no call. `None` if there are no credentials; if
    /// FIPS is asked for and the service does not have it; and if only CloudFront has an endpoint of its own: that may be
    /// a stand-in, of which AWS itself knows nothing.
    pub fn from_environment(
        service: SignedService,
        environment: &AwsEnvironment,
        connect: Connect,
    ) -> Option<Self> {
        let config = environment.sdk();
        let own = |id| settings::endpoint(config, id).filter(|url| !url.is_empty());
        let fips = config.use_fips() == Some(true);
        let endpoint = service.endpoint(own(service.id), own("CloudFront").is_some(), fips)?;
        let (http, credentials) = (config.http_client()?, config.credentials_provider()?);
        Some(Self { service, endpoint, http, credentials, connect })
    }

    /// Makes a client for an emulator at this address with this access key. Does not read the environment.
    pub fn at(
        service: SignedService,
        endpoint: &str,
        (access_key, secret_key): (&str, &str),
        connect: Connect,
    ) -> Self {
        let credentials = Credentials::new(access_key, secret_key, None, None, "given");
        Self {
            service,
            endpoint: endpoint.to_owned(),
            http: http_client::direct(),
            credentials: SharedCredentialsProvider::new(credentials),
            connect,
        }
    }

    /// Makes the call and gives the answer. `Null` if the answer is XML.
    pub async fn call(&self, operation: SignedOperation, body: String) -> Result<Value, Problem> {
        let credentials = self.credentials.provide_credentials().await;
        let credentials = credentials.map_err(|error| without_credentials(&error))?;
        // The pieces of the request are signed before the SDK sends it, because it has no signer for this service.
        let format = self.service.format;
        let request = self.request(operation, body, credentials);
        let call = Operation::builder()
            .service_name(self.service.id)
            .operation_name(operation.operation.as_str())
            .http_client(self.http.clone())
            .endpoint_url(self.endpoint.trim_end_matches('/'))
            .no_auth()
            .no_retry()
            .timeout_config(self.connect.timeouts())
            .serializer(|request: SignedRequest| request.into_http())
            .deserializer(move |response| read(response, format))
            .build();
        operation.operation.answered::<_, CallError>(call.invoke(request)).await
    }

    fn request(&self, operation: SignedOperation, body: String, credentials: Credentials) -> SignedRequest {
        SignedRequest {
            service: self.service.clone(),
            operation,
            url: format!("{}{}", self.endpoint.trim_end_matches('/'), operation.path),
            body,
            credentials,
        }
    }
}

/// A request before it is signed.
#[derive(Debug)]
struct SignedRequest {
    service: SignedService,
    operation: SignedOperation,
    url: String,
    body: String,
    credentials: Credentials,
}

impl SignedRequest {
    /// The signed request. Its address is only the path: the SDK puts the endpoint before it.
    fn into_http(self) -> Result<HttpRequest, BoxError> {
        let mut headers = vec![("content-type", self.service.format.content_type())];
        headers.extend(self.operation.target.map(|target| ("x-amz-target", target)));
        let identity = self.credentials.into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.service.region)
            .name(self.service.signing_name)
            .time(now())
            .settings(SigningSettings::default())
            .build()?
            .into();
        let body = SignableBody::Bytes(self.body.as_bytes());
        let signable = SignableRequest::new("POST", &self.url, headers.iter().copied(), body)?;
        let (signature, _) = sign(signable, &parameters)?.into_parts();
        let (signed_headers, _) = signature.into_parts();
        let mut request = HttpRequest::new(SdkBody::from(self.body.as_str()));
        request.set_method("POST")?;
        request.set_uri(self.operation.path)?;
        for (name, value) in headers {
            request.headers_mut().try_insert(name, value)?;
        }
        for header in signed_headers {
            request.headers_mut().try_insert(header.name(), header.value().to_owned())?;
        }
        Ok(request)
    }
}

fn without_credentials(error: &CredentialsError) -> Problem {
    let Missing { kind, code, message } = credentials::missing(error);
    Problem { kind, code, message, request_id: None }
}

/// The time for signatures: that of the system, as the SDK takes it.
fn now() -> SystemTime {
    let micros = u64::try_from(Clock::system().now().as_micros()).unwrap_or(0);
    SystemTime::UNIX_EPOCH + Duration::from_micros(micros)
}

fn read(response: &HttpResponse, format: BodyFormat) -> Result<Value, OrchestratorError<CallError>> {
    let body = response.body().bytes().unwrap_or_default();
    match format {
        BodyFormat::Json(_) if response.status().is_success() => {
            serde_json::from_slice(body).map_err(OrchestratorError::other)
        }
        BodyFormat::Form if response.status().is_success() => Ok(Value::Null),
        BodyFormat::Json(_) => Err(OrchestratorError::operation(json_error(response, body))),
        BodyFormat::Form => Err(OrchestratorError::operation(xml_error(body))),
    }
}

fn json_error(response: &HttpResponse, body: &[u8]) -> CallError {
    let told: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |names: [&str; 2]| names.into_iter().find_map(|name| told[name].as_str()).map(str::to_owned);
    let code = response.headers().get("x-amzn-errortype").map(str::to_owned);
    let code = code.or_else(|| text(["__type", "code"])).unwrap_or_default();
    let message = text(["message", "Message"]).unwrap_or_default();
    CallError(ErrorMetadata::builder().code(bare(&code)).message(message).build())
}

fn xml_error(body: &[u8]) -> CallError {
    let (code, message) = s3::code_and_message(&String::from_utf8_lossy(body));
    CallError(ErrorMetadata::builder().code(code).message(message).build())
}

/// The code without its namespace and without its address: `com.amazonaws.x#AccessDeniedException:http://…`.
fn bare(code: &str) -> &str {
    let code = code.split(':').next().unwrap_or(code);
    code.rsplit('#').next().unwrap_or(code).trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_in_all_its_forms() {
        for code in [
            "AccessDeniedException",
            "com.amazon.coral.service#AccessDeniedException",
            "AccessDeniedException:http://internal.amazon.com/coral/com.amazon.coral.service/",
        ] {
            assert_eq!(bare(code), "AccessDeniedException");
        }
        assert_eq!(bare(""), "");
    }

    const SERVICE: SignedService = SignedService {
        id: "CloudWatch",
        signing_name: "monitoring",
        region: Cow::Borrowed("us-east-1"),
        endpoint: Cow::Borrowed("https://monitoring.us-east-1.amazonaws.com"),
        fips_endpoint: None,
        format: BodyFormat::Json("application/x-amz-json-1.0"),
    };

    #[test]
    fn aws_itself_is_asked_only_if_cloudfront_is_there_too() {
        let own = || Some("http://127.0.0.1:1".to_owned());
        let with_fips = SignedService { fips_endpoint: Some("https://fips.example".into()), ..SERVICE };
        assert_eq!(SERVICE.endpoint(None, false, false).as_deref(), Some(&*SERVICE.endpoint));
        assert_eq!(SERVICE.endpoint(None, true, false), None, "a stand-in for CloudFront alone");
        assert_eq!(SERVICE.endpoint(own(), true, false), own());
        assert_eq!(SERVICE.endpoint(own(), false, true), own());
        assert_eq!(SERVICE.endpoint(None, false, true), None, "it has no such endpoint");
        assert_eq!(with_fips.endpoint(None, false, true).as_deref(), Some("https://fips.example"));
    }

    #[test]
    fn a_request_is_signed_for_its_service() {
        let client = SignedClient::at(SERVICE, "http://127.0.0.1:1/", ("key", "secret"), Connect::default());
        let operation = SignedOperation {
            operation: AwsOperation::GetMetricData,
            path: "/v1/Look",
            target: Some("X.Look"),
        };
        let credentials = Credentials::new("key", "secret", Some("token".to_owned()), None, "given");
        let request = client.request(operation, "{}".to_owned(), credentials);
        assert_eq!(request.url, "http://127.0.0.1:1/v1/Look");
        let http = request.into_http().unwrap();
        let header = |name| http.headers().get(name).unwrap_or_default();
        let authorization = header("authorization");
        assert!(authorization.contains("/us-east-1/monitoring/aws4_request"), "{authorization}");
        assert!(authorization.contains("content-type;host;x-amz-date;x-amz-security-token;x-amz-target"));
        assert_eq!((header("x-amz-target"), header("x-amz-security-token")), ("X.Look", "token"));
    }
}
