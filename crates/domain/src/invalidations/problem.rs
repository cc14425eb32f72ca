//! What an error of AWS means, and what a person can do about it, as messages for people.
//!
//! The kind decides what Unstale does next. If one code has several causes, the advice depends on AWS's message. It
//! is computed when it is shown, so problems that were stored earlier get it too.

pub mod clean;
pub mod credentials;
pub mod denial;
mod kind;
pub mod proxy;
pub mod signature;

pub use denial::{Denial, policy_statement};
pub use kind::{ProblemKind, ProblemVerdict};

use super::item::Item;

/// One problem that occurred.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub kind: ProblemKind,
    /// AWS's error code, such as `AccessDenied`. Empty if there was no response.
    pub code: String,
    /// The message of AWS or of the client.
    pub message: String,
    /// AWS's request ID. `None` if there was no response.
    pub request_id: Option<String>,
}

impl Problem {
    /// A problem from the database. Older versions stored a refused signature without its cause. For such a row the
    /// kind is read from the code and the message.
    #[must_use]
    pub fn stored(kind: &str, code: String, message: String) -> Self {
        let kind = match ProblemKind::parse(kind) {
            kind @ (ProblemKind::Other | ProblemKind::BadCredentials) => {
                signature::kind(&code, &message).unwrap_or(kind)
            }
            kind => kind,
        };
        Self { kind, code, message, request_id: None }
    }

    /// Whether AWS throttled the call.
    #[must_use]
    pub fn is_throttling(&self) -> bool {
        self.kind == ProblemKind::Throttled
    }

    /// Whether CloudFront refused the batch because of an item that is in it ("one or more invalid invalidation paths").
    /// Fewer items can then be accepted. AWS uses the same code for other arguments, so its message decides.
    #[must_use]
    pub fn is_about_items(&self) -> bool {
        if self.kind != ProblemKind::InvalidArgument {
            return false;
        }
        let message = self.message.to_lowercase();
        let has =
            |wanted: &[&str]| message.split(|c: char| !c.is_alphabetic()).any(|word| wanted.contains(&word));
        has(&["path", "paths", "tag", "tags"]) && has(&["invalid", "valid", "malformed"])
    }

    /// What a person can do about it. `items` are the items of the batch, or empty if the call was not about a
    /// batch.
    #[must_use]
    pub fn advice(&self, items: &[Item]) -> String {
        let message = self.message.as_str();
        match self.kind {
            ProblemKind::AccessDenied => Denial::read(message).advice(),
            ProblemKind::ClockSkew => signature::clock_advice(message),
            ProblemKind::WrongScope => signature::scope_advice(message),
            ProblemKind::InvalidArgument => refused_items(message, items),
            ProblemKind::Network => {
                proxy::advice(message).unwrap_or_else(|| plain_advice(self.kind).to_owned())
            }
            kind => credentials::advice(kind, message).unwrap_or_else(|| plain_advice(kind).to_owned()),
        }
    }

    /// The advice for a problem of the whole account. No policy statement is shown with it, so it names the action
    /// to allow.
    #[must_use]
    pub fn advice_at_large(&self) -> String {
        if self.kind != ProblemKind::AccessDenied || !Denial::read(&self.message).statement_helps() {
            return self.advice(&[]);
        }
        let named = self.message.split_once("perform: ").and_then(|(_, rest)| rest.split_whitespace().next());
        let action = named.unwrap_or("what AWS names");
        format!("Allow {action} in the policy of the role or user that Unstale runs as. {}", credentials::ON)
    }

    /// The policy statement to add to the role or user of Unstale. `None` if that would not solve the problem.
    #[must_use]
    pub fn statement(&self, distribution_arn: &str) -> Option<String> {
        let helps = self.kind == ProblemKind::AccessDenied && Denial::read(&self.message).statement_helps();
        helps.then(|| policy_statement(distribution_arn))
    }
}

/// The advice if CloudFront refused the items. CloudFront refuses a batch as a whole, and its usual message ("one
/// or more invalid invalidation paths") names no item.
fn refused_items(message: &str, items: &[Item]) -> String {
    const WHOLE: &str = "Nothing was sent to the edge: CloudFront refuses a batch as a whole.";
    let edges = |c: char| "\"'`,;:()[]<>.".contains(c);
    let named = items.iter().find(|item| {
        let text = item.as_str();
        message.split_whitespace().any(|word| word == text || word.trim_matches(edges) == text)
    });
    match (named, items) {
        (Some(item), _) => format!("{WHOLE} Its message names {item}; correct it with Repeat."),
        (None, [only]) => format!("{WHOLE} This one has a single item, {only}; correct it with Repeat."),
        (None, _) => format!(
            "{WHOLE} Its message does not say which item. With Repeat, find the one that does not belong in a URL and send the others without it."
        ),
    }
}

/// The advice that does not depend on AWS's message.
const fn plain_advice(kind: ProblemKind) -> &'static str {
    match kind {
        ProblemKind::NoSuchDistribution => {
            "It may have been deleted, or it belongs to another AWS account than Unstale's credentials. Refresh the distributions and check the account."
        }
        ProblemKind::NoSuchInvalidation => {
            "Look at the distribution in the AWS console. If viewers still get the old version, repeat it."
        }
        ProblemKind::BatchTooLarge => "Split the request into smaller ones.",
        ProblemKind::ExpiredCredentials => {
            "Renew them where Unstale gets them: sign in again for SSO, or issue a new session token. Unstale continues automatically within a minute."
        }
        ProblemKind::BadCredentials => {
            "Check the access key and its secret, and that the key is active. Unstale continues automatically within a minute."
        }
        ProblemKind::NoCredentials => {
            "Give Unstale a role (EC2, ECS, EKS), or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. Then restart it; what is queued stays queued."
        }
        ProblemKind::Network | ProblemKind::ConnectionLost | ProblemKind::Timeout => {
            "Unstale tries again automatically. If it lasts, check this server's way to cloudfront.amazonaws.com, port 443, and a proxy if there is one."
        }
        ProblemKind::Throttled | ProblemKind::Unavailable => {
            "No action needed: Unstale tries again automatically, more and more slowly."
        }
        ProblemKind::TooManyInProgress => {
            "No action needed: Unstale goes on as soon as others have completed."
        }
        ProblemKind::ReferenceInUse => "Unstale looks for the earlier invalidation with the same reference.",
        ProblemKind::UnreadableAnswer => {
            "Unstale asks again with the same caller reference, so that nothing is sent twice."
        }
        ProblemKind::NotCloudFront => {
            "The answer is not CloudFront's: a proxy, a firewall or the sign-in page of a network is between. Let this server reach cloudfront.amazonaws.com, port 443. Unstale asks again with the same caller reference, so that nothing is sent twice."
        }
        ProblemKind::RequestExpired => signature::LATE,
        ProblemKind::InvalidSettings => {
            "Nothing was sent. The message of the SDK is below: check AWS_REGION, AWS_ENDPOINT_URL_CLOUDFRONT and the other AWS settings. Then restart Unstale; what is queued stays queued."
        }
        ProblemKind::AccountBlocked => {
            "AWS says below why: the account is suspended, not yet verified or not signed up for CloudFront, or Unstale's role or user may not use it at all. Look at the account in the AWS console, or ask AWS Support. Unstale continues automatically within a minute."
        }
        ProblemKind::AccessDenied
        | ProblemKind::InvalidArgument
        | ProblemKind::ClockSkew
        | ProblemKind::WrongScope
        | ProblemKind::SignInNeeded
        | ProblemKind::CredentialProcess
        | ProblemKind::ProfileMissing
        | ProblemKind::TokenFile
        | ProblemKind::RoleRefused
        | ProblemKind::CredentialsUnavailable
        | ProblemKind::Other => "AWS's message is below. Press Retry once the cause is corrected.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(kind: ProblemKind, message: &str) -> Problem {
        Problem { kind, code: String::new(), message: message.to_owned(), request_id: None }
    }

    fn items(texts: &[&str]) -> Vec<Item> {
        texts.iter().map(|text| Item::from_trusted(*text)).collect()
    }

    #[test]
    fn an_item_is_named_only_where_cloudfront_names_it() {
        let silent = "Your request contains one or more invalid invalidation paths.";
        let advice = |message: &str, texts: &[&str]| {
            problem(ProblemKind::InvalidArgument, message).advice(&items(texts))
        };
        assert!(advice(silent, &["/", "/a"]).contains("does not say which item"));
        assert!(advice(silent, &["/a%zz"]).contains("a single item, /a%zz;"));
        assert!(advice("The path '/b' is not valid.", &["/", "/b"]).contains("names /b;"));
        assert!(advice("The path /b. And/or more", &["/", "/b"]).contains("names /b;"));
        assert!(advice(silent, &[]).contains("does not say which item"));
    }

    #[test]
    fn only_a_refusal_of_paths_or_tags_is_about_the_items() {
        let is_about = |kind, message: &str| problem(kind, message).is_about_items();
        for message in [
            "Your request contains one or more invalid invalidation paths.",
            "The path '/b' is not valid.",
            "Your request contains one or more invalid cache tags.",
        ] {
            assert!(is_about(ProblemKind::InvalidArgument, message), "{message}");
            assert!(!is_about(ProblemKind::AccessDenied, message), "{message}");
        }
        for message in [
            "",
            "Your request must contain at least one invalidation path.",
            "The parameter Quantity is invalid.",
            "Your request contains a caller reference that was used for a previous invalidation batch.",
        ] {
            assert!(!is_about(ProblemKind::InvalidArgument, message), "{message}");
        }
        assert!(!is_about(ProblemKind::ReferenceInUse, "invalid path"));
    }

    #[test]
    fn the_statement_comes_only_where_an_allow_helps() {
        let statement =
            |message: &str| problem(ProblemKind::AccessDenied, message).statement("arn").is_some();
        assert!(statement(
            "because no identity-based policy allows the cloudfront:CreateInvalidation action"
        ));
        assert!(statement("Access denied"));
        assert!(!statement("with an explicit deny in a resource control policy"));
        assert!(!statement("because no session policy allows the cloudfront:CreateInvalidation action"));
        assert_eq!(problem(ProblemKind::Other, "").statement("arn"), None);
    }

    #[test]
    fn what_was_stored_before_is_told_apart_by_its_words() {
        let stored = |kind: &str, code: &str, message: &str| {
            Problem::stored(kind, code.to_owned(), message.to_owned()).kind
        };
        let expired = "Signature expired: 20261128T070000Z is now earlier than 20261128T081500Z";
        assert_eq!(stored("bad_credentials", "SignatureDoesNotMatch", expired), ProblemKind::ClockSkew);
        let region = "Credential should be scoped to a valid region, not 'x'.";
        assert_eq!(stored("other", "InvalidSignatureException", region), ProblemKind::WrongScope);
        assert_eq!(stored("other", "BrandNew", "x"), ProblemKind::Other);
        assert_eq!(stored("access_denied", "AccessDenied", "x"), ProblemKind::AccessDenied);
    }
}
