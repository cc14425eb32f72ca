//! Owns CloudFront's refusals: code, HTTP status and words, as its users have met them.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::route::Dialect;
use crate::faults::Fault;
use crate::state::{ACCOUNT, Refusal};
use crate::xml::Element;

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub status: u16,
    pub code: Cow<'static, str>,
    pub message: String,
}

impl ApiError {
    fn new(status: u16, code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { status, code: code.into(), message: message.into() }
    }

    pub fn invalid_argument(message: impl Into<String>) -> Self {
        Self::new(400, "InvalidArgument", message)
    }

    pub fn invalid_path() -> Self {
        Self::invalid_argument("Your request contains one or more invalid invalidation paths.")
    }

    pub fn inconsistent_quantities() -> Self {
        Self::new(400, "InconsistentQuantities", "The value of Quantity and the size of Items do not match.")
    }

    pub fn missing_body() -> Self {
        let message = "This operation requires a body. Ensure that the body is present and the Content-Type header is set.";
        Self::new(400, "MissingBody", message)
    }

    pub fn malformed_xml() -> Self {
        let message =
            "The XML you provided was not well-formed or did not validate against our published schema.";
        Self::new(400, "MalformedXML", message)
    }

    pub fn batch_too_large() -> Self {
        Self::new(413, "BatchTooLarge", "Your request contains too many invalidation paths.")
    }

    pub fn no_such_distribution() -> Self {
        Self::new(404, "NoSuchDistribution", "The specified distribution does not exist.")
    }

    pub fn no_such_invalidation() -> Self {
        Self::new(404, "NoSuchInvalidation", "The specified invalidation does not exist.")
    }

    pub fn no_such_resource() -> Self {
        Self::new(404, "NoSuchResource", "The specified resource does not exist.")
    }

    pub fn missing_token() -> Self {
        Self::new(403, "MissingAuthenticationToken", "Missing Authentication Token")
    }

    pub fn incomplete_signature(message: impl Into<String>) -> Self {
        Self::new(403, "IncompleteSignature", message)
    }

    pub fn wrong_service(service: &str) -> Self {
        let message = format!("Credential should be scoped to correct service: '{service}'.");
        Self::new(403, "SignatureDoesNotMatch", message)
    }

    pub fn expired_token() -> Self {
        Self::new(403, "ExpiredToken", "The security token included in the request is expired")
    }

    pub fn invalid_token() -> Self {
        Self::new(403, "InvalidClientTokenId", "The security token included in the request is invalid.")
    }

    /// A refusal of a service that speaks JSON.
    pub fn trail(code: &'static str, message: &str) -> Self {
        Self::new(400, code, message)
    }

    pub fn malformed_json() -> Self {
        Self::trail("SerializationException", "The request cannot be read.")
    }

    pub fn access_denied(action: &str, resource: &str) -> Self {
        let message = format!(
            "User: arn:aws:iam::{ACCOUNT}:user/sandbox is not authorized to perform: {action} \
             on resource: {resource} because no identity-based policy allows the {action} action"
        );
        Self::new(403, "AccessDenied", message)
    }

    /// In the words that the fault gives.
    pub fn as_told(fault: &Fault) -> Self {
        let code = fault.code.clone().unwrap_or_else(|| "InvalidArgument".to_owned());
        Self::new(fault.status.unwrap_or(400), code, fault.message.clone().unwrap_or_default())
    }

    /// The answer of something in between, which has no code.
    pub fn unreachable(status: Option<u16>) -> Self {
        Self::new(status.unwrap_or(403), "", "")
    }

    pub fn throttling(status: u16) -> Self {
        Self::new(status, "Throttling", "Rate exceeded")
    }

    pub fn server_error(status: u16) -> Self {
        match status {
            500 => Self::new(
                500,
                "InternalFailure",
                "CloudFront encountered an internal error. Please try again.",
            ),
            _ => Self::new(
                status,
                "ServiceUnavailable",
                "CloudFront is temporarily unable to handle the request.",
            ),
        }
    }

    pub fn unknown_operation() -> Self {
        Self::new(404, "UnknownOperationException", "The sandbox does not know this operation.")
    }

    /// The same as the other services say it: other names, and for AWS JSON always 400.
    pub fn said_in(self, dialect: Dialect) -> Self {
        let (status, code) = (self.status, self.code.clone());
        let code_of_json = match code.as_ref() {
            "AccessDenied" => "AccessDeniedException".into(),
            "Throttling" => "ThrottlingException".into(),
            "ExpiredToken" => "ExpiredTokenException".into(),
            "InvalidClientTokenId" => "UnrecognizedClientException".into(),
            _ => code.clone(),
        };
        match dialect {
            Dialect::Xml => Self { code, ..self },
            Dialect::AwsJson(_) => {
                Self { status: if status >= 500 { status } else { 400 }, code: code_of_json, ..self }
            }
            Dialect::RestJson => {
                let status = if code_of_json == "ThrottlingException" { 429 } else { status };
                Self { status, code: code_of_json, ..self }
            }
        }
    }

    /// An error as JSON 1.1 has it.
    pub fn json(&self) -> Value {
        json!({ "__type": self.code.as_ref(), "message": self.message })
    }

    /// `<ErrorResponse>` as CloudFront writes it.
    pub fn document(&self, request_id: &str) -> Element {
        let origin = if self.status >= 500 { "Receiver" } else { "Sender" };
        let error = Element::new("Error")
            .leaf("Type", origin)
            .leaf("Code", &self.code)
            .leaf("Message", &self.message);
        Element::new("ErrorResponse").child(error).leaf("RequestId", request_id)
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let too_many = |what| {
            let message = format!(
                "Processing your request will cause you to exceed the maximum number of in-progress {what}."
            );
            Self::new(400, "TooManyInvalidationsInProgress", message)
        };
        match refusal {
            Refusal::ReferenceTaken => {
                let message = "The caller reference that you are using to create an invalidation batch \
                               is associated with another invalidation batch.";
                // Documented without a status; a conflict is what CloudFront's other `…AlreadyExists` are.
                Self::new(409, "InvalidationBatchAlreadyExists", message)
            }
            Refusal::ReferenceUsed => Self::invalid_argument(
                "Your request contains a caller reference that was used for a previous invalidation batch \
                 for the same distribution.",
            ),
            Refusal::TooManyItems => too_many("invalidations"),
            Refusal::TooManyWildcards => too_many("wildcard invalidations"),
        }
    }
}
