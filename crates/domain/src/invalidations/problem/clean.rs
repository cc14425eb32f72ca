//! Cleans a message of a program before it is stored and shown: one line of limited length, without anything that
//! looks like a secret.

/// The text that replaces a secret.
const HIDDEN: &str = "[hidden]";

/// Names whose value is a secret, in lower case and without separators.
const SECRET_NAMES: [&str; 8] =
    ["password", "passwd", "secret", "token", "apikey", "accesskey", "authorization", "bearer"];

/// First words of a sentence after a name such as `token:`. Programs write an error about the token in this way,
/// and that text is not a secret. A secret can also be a plain word, so only these words are accepted, and only if
/// more words follow.
const SENTENCE_BEGINS: [&str; 17] = [
    "a", "an", "the", "no", "not", "failed", "could", "cannot", "unable", "error", "is", "was", "has",
    "invalid", "missing", "expired", "service",
];

/// The cleaned text, in one line of at most `most` characters.
#[must_use]
pub fn clean(text: &str, most: usize) -> String {
    let plain: String = without_escapes(text).chars().map(|c| if is_odd(c) { ' ' } else { c }).collect();
    let mut words = Vec::new();
    let mut follows_a_name = false;
    let mut rest = plain.split_whitespace().peekable();
    let mut before = "";
    while let Some(word) = rest.next() {
        let names = ends_in_a_secret_name(word);
        let begins = before.ends_with(':') && rest.peek().is_some() && SENTENCE_BEGINS.contains(&word);
        let hidden = follows_a_name && !names && !begins;
        words.push(if hidden { HIDDEN.to_owned() } else { word_without_secrets(word) });
        (follows_a_name, before) = (names, word);
    }
    let whole = words.join(" ");
    if whole.chars().count() <= most {
        return whole;
    }
    let begin: String = whole.chars().take(most.saturating_sub(1)).collect();
    format!("{begin}…")
}

/// Whether this is a control character, an invisible one, or one that changes the direction of the text.
fn is_odd(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Removes the control sequences of terminals, such as the ones for colours (`ESC [ … m`).
fn without_escapes(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("\u{1b}[") {
        out.push_str(before);
        let end = behind.find(|c: char| ('@'..='~').contains(&c)).map_or(behind.len(), |at| at + 1);
        rest = &behind[end..];
    }
    out + rest
}

/// Whether the word announces a secret as the next word, as `--token`, `password:` and `Bearer` do.
fn ends_in_a_secret_name(word: &str) -> bool {
    let (name, value) = word.rsplit_once(['=', ':']).unwrap_or((word, ""));
    let marked = word.ends_with(['=', ':']) || word.starts_with("--") || name.eq_ignore_ascii_case("bearer");
    value.is_empty() && marked && is_secret_name(name)
}

fn is_secret_name(name: &str) -> bool {
    let folded: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    SECRET_NAMES.iter().any(|secret| folded.ends_with(secret))
}

fn word_without_secrets(word: &str) -> String {
    if let Some((name, value)) = word.split_once(['=', ':'])
        && !value.is_empty()
        // `token://…` is a URL and not a name with its value.
        && !value.starts_with("//")
        && is_secret_name(name)
    {
        return format!("{name}={HIDDEN}");
    }
    let mut out = String::new();
    let mut run = String::new();
    for c in word.chars() {
        if c.is_ascii_alphanumeric() || "+/_-.~".contains(c) {
            run.push(c);
        } else {
            flush(&mut run, &mut out);
            out.push(c);
        }
    }
    flush(&mut run, &mut out);
    without_userinfo(&out)
}

fn flush(run: &mut String, out: &mut String) {
    out.push_str(if looks_secret(run) { HIDDEN } else { run.as_str() });
    run.clear();
}

/// Whether the text looks like an access key ID, a secret key or a token: long, with a mixture of characters that
/// words and paths do not have.
fn looks_secret(run: &str) -> bool {
    let has = |test: fn(&char) -> bool| run.chars().any(|c| test(&c));
    let mixed = has(char::is_ascii_uppercase) && has(char::is_ascii_lowercase) && has(char::is_ascii_digit);
    let key_id = run.len() >= 16 && (run.starts_with("AKIA") || run.starts_with("ASIA"));
    // A secret access key of AWS has 40 characters and may begin with `/`, so such a text is not taken for a path.
    let path = run.starts_with(['/', '.', '~']) && run.len() != 40;
    let hex = run.len() >= 32 && run.chars().all(|c| c.is_ascii_hexdigit());
    key_id || hex || (run.len() >= 20 && mixed && !path)
}

/// Hides the user name and password of a URL such as `https://user:password@host`.
fn without_userinfo(word: &str) -> String {
    match word.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.split_once('@')?))) {
        Some((scheme, (user, host))) if !user.contains('/') => format!("{scheme}://{HIDDEN}@{host}"),
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_and_secrets_go() {
        for (said, kept) in [
            ("VPN is down\r\n\tcall 4711", "VPN is down call 4711"),
            ("\u{1b}[31merror\u{1b}[0m: no session", "error: no session"),
            ("\u{202e}abc\u{0}d", "abc d"),
            (
                "cannot read /home/unstale/.config/corp/credentials-v2.json",
                "cannot read /home/unstale/.config/corp/credentials-v2.json",
            ),
            ("arn:aws:iam::123456789012:role/Unstale", "arn:aws:iam::123456789012:role/Unstale"),
            ("key AKIAIOSFODNN7EXAMPLE is off", "key [hidden] is off"),
            ("got wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "got [hidden]"),
            ("secret=hunter2 stays", "secret=[hidden] stays"),
            ("Password: hunter2", "Password: [hidden]"),
            ("Authorization: Bearer abc", "Authorization: Bearer [hidden]"),
            ("--token abc --verbose", "--token [hidden] --verbose"),
            ("https://ada:pw@vault.example.com/v1", "https://[hidden]@vault.example.com/v1"),
            ("the token is over", "the token is over"),
            (
                "WebIdentityToken: the credential provider was not enabled",
                "WebIdentityToken: the credential provider was not enabled",
            ),
            (
                "loading an access token: failed to load the cached SSO token",
                "loading an access token: failed to load the cached SSO token",
            ),
            ("token: abc123 more", "token: [hidden] more"),
            ("password: correct horse", "password: [hidden] horse"),
            ("Password: the", "Password: [hidden]"),
            ("--token the secret", "--token [hidden] secret"),
            ("Bearer the secret", "Bearer [hidden] secret"),
            ("0123456789abcdef0123456789abcdef", "[hidden]"),
        ] {
            assert_eq!(clean(said, 300), kept, "{said:?}");
        }
    }

    #[test]
    fn it_is_bounded() {
        assert_eq!(clean(&"a ".repeat(10_000), 300).chars().count(), 300);
        assert_eq!(clean("", 300), "");
    }
}
