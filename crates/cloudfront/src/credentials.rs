//! Explains errors of the SDK's credential providers.
//!
//! aws-config 1.13 has types for only a few of these errors: the end of the whole chain, an error of STS, and a
//! file that cannot be read. The other errors are recognised by the text of their messages.

use std::{env, error::Error, io, path::PathBuf};

use aws_config::meta::ProviderChainError;
use aws_credential_types::provider::error::{CredentialsError, TokenError};
use aws_sdk_cloudfront::error::ErrorMetadata;

use unstale_domain::invalidations::problem::{ProblemKind, clean::clean, credentials::Note};

use super::error::{is_out_of_reach, kind_of_answer};

/// The maximum length of a message of a program or of the SDK.
const WORDS_MAX: usize = 500;

/// Why there are no credentials.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Missing {
    pub(super) kind: ProblemKind,
    /// The error code of the service that refused, such as STS. Empty if no service answered.
    pub(super) code: String,
    pub(super) message: String,
}

pub(super) fn missing(error: &CredentialsError) -> Missing {
    let causes = causes(error);
    let words = causes.iter().map(ToString::to_string).collect::<Vec<_>>().join(": ");
    let kind = kind(error, &causes, &words);
    if let Some(answer) = causes.iter().find_map(|cause| cause.downcast_ref::<ErrorMetadata>()) {
        let code = answer.code().unwrap_or_default().to_owned();
        let said = answer.message().unwrap_or(&words);
        let kind =
            if kind == ProblemKind::CredentialsUnavailable { kind_of_refusal(&code, said) } else { kind };
        return Missing { kind, message: note(kind, said), code };
    }
    Missing { kind, code: String::new(), message: note(kind, &clean(own_words(&words), WORDS_MAX)) }
}

/// The causes of the error, the direct cause first.
fn causes<'a>(error: &'a CredentialsError) -> Vec<&'a (dyn Error + 'static)> {
    let mut causes: Vec<&'a (dyn Error + 'static)> = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        causes.push(cause);
        next = cause.source();
    }
    causes
}

fn kind(error: &CredentialsError, causes: &[&(dyn Error + 'static)], words: &str) -> ProblemKind {
    if matches!(error, CredentialsError::CredentialsNotLoaded(_)) {
        return if profile_is_missing(causes, words) {
            ProblemKind::ProfileMissing
        } else {
            ProblemKind::NoCredentials
        };
    }
    let is_token = causes.iter().any(|cause| cause.is::<TokenError>());
    if words.contains("external process") {
        ProblemKind::CredentialProcess
    } else if causes.first().is_some_and(|cause| cause.is::<io::Error>()) {
        ProblemKind::TokenFile
    } else if is_out_of_reach(causes) {
        ProblemKind::Network
    } else if is_token
        || words.contains("cached SSO token")
        || words.contains("sso/cache")
        || words.contains("UnauthorizedException")
    {
        ProblemKind::SignInNeeded
    } else if causes.iter().any(|cause| cause.is::<io::Error>()) {
        // The file that a profile names. The profile provider wraps this error, so it is not the direct cause.
        ProblemKind::TokenFile
    } else {
        ProblemKind::CredentialsUnavailable
    }
}

/// Whether the profile does not exist. The chain does not stop at a missing profile: it reports it as one of
/// several attempts. If the files define no profile at all, the chain does not report it, so the files are read
/// here.
fn profile_is_missing(causes: &[&(dyn Error + 'static)], words: &str) -> bool {
    let chain = causes.iter().find_map(|cause| cause.downcast_ref::<ProviderChainError<CredentialsError>>());
    let Some(chain) = chain else { return is_undefined(words) };
    let told =
        |error: &CredentialsError| error.source().is_some_and(|cause| is_undefined(&cause.to_string()));
    chain.attempts().iter().any(|attempt| told(attempt.error()))
        || profile().is_some_and(|name| {
            let [config, credentials] = files();
            !defines(&config, true, &name) && !defines(&credentials, false, &name)
        })
}

/// Whether the file has a section for the profile. `false` if the file cannot be read. In the configuration file,
/// the SDK accepts only `[profile NAME]` and `[default]`; in the credentials file, `[NAME]`. The read blocks the
/// thread, which is acceptable: the files are small, and they are read only after the SDK has found no credentials.
fn defines(file: &str, is_config: bool, profile: &str) -> bool {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let mut sections = text.lines().filter_map(|line| line.trim().strip_prefix('[')?.split(']').next());
    sections.any(|section| match section.trim().split_once(char::is_whitespace) {
        Some(("profile", name)) => is_config && name.trim() == profile,
        Some(_) => false,
        None => (!is_config || profile == "default") && section.trim() == profile,
    })
}

fn is_undefined(words: &str) -> bool {
    words.contains("profile `") && words.contains("was not defined")
}

/// The kind of problem if a service that issues credentials (STS or IAM Identity Center) refused.
fn kind_of_refusal(code: &str, message: &str) -> ProblemKind {
    match code {
        "AccessDenied" | "AccessDeniedException" => ProblemKind::RoleRefused,
        "UnauthorizedException" => ProblemKind::SignInNeeded,
        _ => match kind_of_answer(code, message, None) {
            kind @ (ProblemKind::ExpiredCredentials
            | ProblemKind::BadCredentials
            | ProblemKind::ClockSkew
            | ProblemKind::WrongScope) => kind,
            _ => ProblemKind::CredentialsUnavailable,
        },
    }
}

/// The exit status and the output of a credential program that failed. Any other message is returned unchanged.
fn own_words(words: &str) -> &str {
    words
        .split_once("external process exited with code ")
        .or_else(|| words.split_once("from external process"))
        .map_or(words, |(_, rest)| rest.trim_start_matches([':', ',', ' ']))
}

/// Adds the profile and the files to the message. For kinds whose advice does not need them, the message stays
/// unchanged.
fn note(kind: ProblemKind, words: &str) -> String {
    let (profile, files) = match kind {
        ProblemKind::ProfileMissing => (profile_named(words), Vec::from(files())),
        ProblemKind::TokenFile => {
            (profile(), env::var("AWS_WEB_IDENTITY_TOKEN_FILE").ok().into_iter().collect())
        }
        ProblemKind::SignInNeeded
        | ProblemKind::CredentialProcess
        | ProblemKind::RoleRefused
        | ProblemKind::CredentialsUnavailable => (profile(), Vec::new()),
        ProblemKind::NoCredentials if profile().is_some() || words.contains("AWS_ROLE_ARN") => {
            (profile(), Vec::new())
        }
        _ => return words.to_owned(),
    };
    Note { profile: profile.as_deref(), files: &files, words }.write()
}

/// The profile that the SDK is configured to use.
fn profile() -> Option<String> {
    let named = |name| env::var(name).ok().filter(|name| !name.is_empty());
    named("AWS_PROFILE").or_else(|| named("AWS_DEFAULT_PROFILE"))
}

/// The missing profile. It differs from the configured profile if that one names it as its source profile.
fn profile_named(words: &str) -> Option<String> {
    let told = words.split("profile `").skip(1).find(|rest| rest.contains("was not defined"));
    let name = told.and_then(|rest| rest.split('`').next()).filter(|name| !name.is_empty());
    name.map(str::to_owned).or_else(profile)
}

/// The paths of the configuration file and the credentials file, resolved as the SDK resolves them.
fn files() -> [String; 2] {
    let home = env::home_dir().unwrap_or_else(|| PathBuf::from("~"));
    let file = |name: &str, usual: &str| {
        let set = env::var(name).ok().filter(|file| !file.is_empty());
        set.unwrap_or_else(|| home.join(".aws").join(usual).display().to_string())
    };
    [file("AWS_CONFIG_FILE", "config"), file("AWS_SHARED_CREDENTIALS_FILE", "credentials")]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind_of(error: &CredentialsError) -> ProblemKind {
        missing(error).kind
    }

    #[test]
    fn a_program_is_heard_in_its_own_words() {
        let said = "Error retrieving credentials: external process exited with code exit status: 1. Stderr: no VPN\n\tAKIAIOSFODNN7EXAMPLE";
        let missing = missing(&CredentialsError::provider_error(said));
        assert_eq!(missing.kind, ProblemKind::CredentialProcess);
        assert!(
            missing.message.ends_with("`: exit status: 1. Stderr: no VPN [hidden]"),
            "{}",
            missing.message
        );
    }

    #[test]
    fn a_refusal_of_sts_is_no_refusal_of_the_key() {
        let answer = |code: &str| {
            let meta = ErrorMetadata::builder().code(code).message("said").build();
            CredentialsError::provider_error(meta)
        };
        assert_eq!(kind_of(&answer("AccessDenied")), ProblemKind::RoleRefused);
        assert_eq!(kind_of(&answer("UnauthorizedException")), ProblemKind::SignInNeeded);
        assert_eq!(kind_of(&answer("ExpiredToken")), ProblemKind::ExpiredCredentials);
        assert_eq!(kind_of(&answer("InvalidClientTokenId")), ProblemKind::BadCredentials);
        assert_eq!(kind_of(&answer("RegionDisabledException")), ProblemKind::CredentialsUnavailable);
    }

    #[test]
    fn other_causes_are_told_apart() {
        let file = io::Error::new(io::ErrorKind::NotFound, "No such file or directory");
        assert_eq!(kind_of(&CredentialsError::provider_error(file)), ProblemKind::TokenFile);
        let token = TokenError::provider_error("failed to load the cached SSO token");
        assert_eq!(kind_of(&CredentialsError::provider_error(token)), ProblemKind::SignInNeeded);
        let undefined = "profile `deploy` was not defined: could not find profile";
        let missing = missing(&CredentialsError::not_loaded(undefined));
        assert_eq!(missing.kind, ProblemKind::ProfileMissing);
        assert!(missing.message.starts_with("profile `deploy`, `"), "{}", missing.message);
        assert_eq!(kind_of(&CredentialsError::not_loaded_no_source()), ProblemKind::NoCredentials);
        assert_eq!(kind_of(&CredentialsError::unhandled("x")), ProblemKind::CredentialsUnavailable);
    }
}
