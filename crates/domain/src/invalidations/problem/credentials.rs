//! Why Unstale has no credentials: the note that the client stores, and the advice.
//!
//! The note begins with the names that the advice needs (the profile and files), in backticks. The advice can
//! therefore be computed for a stored problem too.

use super::{Denial, ProblemKind};
use crate::invalidations::aws_cli::quoted;

/// What the client found, with the message of the SDK, of STS or of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note<'a> {
    /// The profile that is set. `None` means that none is set, so the SDK uses `default`.
    pub profile: Option<&'a str>,
    /// The files that were read.
    pub files: &'a [String],
    pub words: &'a str,
}

impl Note<'_> {
    /// The note as text, as the message of a [`Problem`](super::Problem).
    #[must_use]
    pub fn write(&self) -> String {
        let profile = self.profile.unwrap_or("default").replace('`', "'");
        let files: String = self.files.iter().map(|file| format!(", `{}`", file.replace('`', "'"))).collect();
        format!("profile `{profile}`{files}: {}", self.words)
    }
}

/// Reads a note: the profile, the files and the message. `None` if the text is not a note.
fn read(message: &str) -> Option<(&str, Vec<&str>, &str)> {
    let mut rest = message.strip_prefix("profile ")?;
    let mut named = Vec::new();
    while let Some(open) = rest.strip_prefix('`') {
        let (name, behind) = open.split_once('`')?;
        named.push(name);
        rest = behind.strip_prefix(", ").unwrap_or(behind);
    }
    let words = rest.strip_prefix(": ")?;
    let (profile, files) = named.split_first()?;
    Some((profile, files.to_vec(), words))
}

/// What a person can do about it. `None` if the advice does not depend on the note.
#[must_use]
pub fn advice(kind: ProblemKind, message: &str) -> Option<String> {
    let (profile, files, words) = read(message).unwrap_or(("default", Vec::new(), ""));
    Some(match kind {
        ProblemKind::SignInNeeded => {
            format!("Sign in again: {}, as the user that Unstale runs as. {ON}", login(profile))
        }
        ProblemKind::CredentialProcess => {
            let said = if words.is_empty() { String::new() } else { format!(" It ended with: {words}") };
            let stop = if said.is_empty() || said.ends_with('.') { "" } else { "." };
            format!(
                "Run the program that credential_process of the profile {profile} names, as the user that Unstale runs as, and correct what it reports.{said}{stop} {ON}"
            )
        }
        ProblemKind::ProfileMissing => format!(
            "The profile {profile} is not in {}. Define it there, or set AWS_PROFILE to one that is; for a new AWS_PROFILE restart Unstale. {ON}",
            if files.is_empty() { "the AWS configuration files".to_owned() } else { files.join(" nor in ") },
        ),
        ProblemKind::TokenFile => {
            let file = files.first().map_or_else(
                || format!("that web_identity_token_file of the profile {profile} names"),
                |file| format!("{file}, which AWS_WEB_IDENTITY_TOKEN_FILE names,"),
            );
            format!(
                "The file {file} cannot be read. Put the token there and let the user read it that Unstale runs as. {ON}"
            )
        }
        ProblemKind::NoCredentials if words.contains("AWS_ROLE_ARN environment variable must be set") => {
            "AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not. Set it to the ARN of the role, then restart Unstale; what is queued stays queued.".to_owned()
        }
        ProblemKind::NoCredentials if !words.is_empty() => format!(
            "The profile {profile} is there, but does not say where credentials come from. Give it a role, a sign-in, a credential_process or keys, or set AWS_PROFILE to one that has them; for a new AWS_PROFILE restart Unstale. {ON}"
        ),
        ProblemKind::RoleRefused if Denial::read(words).explicit => {
            format!("STS does not let Unstale assume its role. {} {ON}", Denial::read(words).who_mends_it())
        }
        ProblemKind::RoleRefused => format!(
            "STS does not let Unstale assume its role: the role's trust policy has to allow the identity that AWS names below, and that identity needs sts:AssumeRole on the role. {ON}"
        ),
        ProblemKind::CredentialsUnavailable if words.contains("ExpiredTokenException") => format!(
            "The web identity token has expired: whatever writes its file has to write a new one. {ON}"
        ),
        ProblemKind::CredentialsUnavailable if words.contains("InvalidIdentityToken") => format!(
            "STS does not take the web identity token: the role's account needs an IAM identity provider for the token's issuer and audience. {ON}"
        ),
        ProblemKind::CredentialsUnavailable => {
            format!("The source of Unstale's credentials failed; its message is below and in the log. {ON}")
        }
        _ => return None,
    })
}

pub(super) const ON: &str = "Unstale continues automatically within a minute.";

fn login(profile: &str) -> String {
    if profile == "default" {
        "aws sso login".to_owned()
    } else {
        format!("aws sso login --profile {}", quoted(profile))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_advice_names_what_the_note_names() {
        let files = ["/root/.aws/config".to_owned(), "/root/.aws/credentials".to_owned()];
        let note =
            Note { profile: Some("web team"), files: &files, words: "exit status: 1: VPN is down" }.write();
        let told = |kind| advice(kind, &note).unwrap();
        assert!(told(ProblemKind::SignInNeeded).contains("aws sso login --profile 'web team',"));
        assert!(told(ProblemKind::CredentialProcess).contains("VPN is down. "));
        assert!(
            told(ProblemKind::ProfileMissing)
                .contains("The profile web team is not in /root/.aws/config nor in /root/.aws/credentials.")
        );
        assert!(told(ProblemKind::TokenFile).contains("The file /root/.aws/config, which"));
        assert_eq!(advice(ProblemKind::Network, &note), None);
    }

    #[test]
    fn the_words_of_sts_decide_who_mends_it() {
        let told = |kind, words| advice(kind, &Note { profile: Some("p"), files: &[], words }.write());
        let denied = "not authorized to perform: sts:AssumeRole on resource: r with an explicit deny in a service control policy";
        let denied = told(ProblemKind::RoleRefused, denied).unwrap();
        assert!(
            denied.contains("A service control policy denies it. An Allow does not override"),
            "{denied}"
        );
        assert!(!denied.contains("Retry") && !denied.contains("trust policy"), "{denied}");
        let expired = "service error: ExpiredTokenException: Token expired: current date/time 1";
        let expired = told(ProblemKind::CredentialsUnavailable, expired).unwrap();
        assert!(expired.contains("token has expired"), "{expired}");
        let unknown = "service error: InvalidIdentityTokenException: No OpenIDConnect provider found";
        let unknown = told(ProblemKind::CredentialsUnavailable, unknown).unwrap();
        assert!(unknown.contains("identity provider"), "{unknown}");
        let no_role = "WebIdentityToken: AWS_ROLE_ARN environment variable must be set";
        assert!(told(ProblemKind::NoCredentials, no_role).unwrap().contains("AWS_ROLE_ARN is not"));
        assert_eq!(advice(ProblemKind::NoCredentials, "no credentials found in chain"), None);
    }

    #[test]
    fn without_a_profile_the_command_is_short() {
        let note = Note { profile: None, files: &[], words: "over" }.write();
        assert!(advice(ProblemKind::SignInNeeded, &note).unwrap().contains("aws sso login, as"));
        assert!(advice(ProblemKind::SignInNeeded, "of another form").is_some());
    }
}
