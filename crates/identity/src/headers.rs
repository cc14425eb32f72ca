//! Checks the identity headers: each may occur once, with its exact name, and only from a trusted proxy.

use hyper::{HeaderMap, header::HeaderName};

/// Why a request is refused because of its headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeaderProblem {
    /// The header occurs more than once. Programs differ in which value they use.
    Twice,
    /// The name of a header resembles an identity header. Some programs treat `_` or `.` as `-`.
    LookAlike,
    /// The request does not come from a trusted proxy.
    Untrusted,
    /// The request has identity headers of several methods.
    Several,
    /// The identity in the header was not proved.
    Unproved,
}

impl HeaderProblem {
    /// The label that the log and the history show.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Twice => "an identity header came more than once",
            Self::LookAlike => "a header is spelt nearly like an identity header",
            Self::Untrusted => "an identity header did not come from a trusted proxy",
            Self::Several => "several headers tell who asks",
            Self::Unproved => "an identity header was not proved",
        }
    }
}

/// Checks the identity headers. Returns whether the request has any of them.
pub fn check(
    headers: &HeaderMap,
    guarded: &[HeaderName],
    peer_is_trusted: bool,
) -> Result<bool, HeaderProblem> {
    let mut found = false;
    for name in headers.keys() {
        let Some(meant) = guarded.iter().find(|one| folded(one.as_str()) == folded(name.as_str())) else {
            continue;
        };
        if meant != name {
            return Err(HeaderProblem::LookAlike);
        }
        found = true;
    }
    if found && !peer_is_trusted {
        return Err(HeaderProblem::Untrusted);
    }
    if guarded.iter().any(|name| headers.get_all(name).iter().count() > 1) {
        return Err(HeaderProblem::Twice);
    }
    Ok(found)
}

/// The letters and digits of a name. Names that differ only in other characters could be confused.
fn folded(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(list: &[(&str, &str)]) -> HeaderMap {
        let parse = |(name, value): &(&str, &str)| {
            (HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap())
        };
        list.iter().map(parse).collect()
    }

    #[test]
    fn headers_come_once_spelt_right_and_from_the_proxy() {
        let guarded = [HeaderName::from_static("x-forwarded-user"), HeaderName::from_static("x-secret")];
        let check = |list: &[(&str, &str)], trusted| check(&headers(list), &guarded, trusted);
        assert_eq!(check(&[("accept", "*/*"), ("x-forwarded-for", "1.2.3.4")], false), Ok(false));
        assert_eq!(check(&[("X-Forwarded-User", "ada")], true), Ok(true));
        assert_eq!(check(&[("X-Forwarded-User", "ada")], false), Err(HeaderProblem::Untrusted));
        for twin in [
            "x_forwarded_user",
            "x-forwarded_user",
            "x.forwarded.user",
            "xforwardeduser",
            "x-forwarded-user-",
        ] {
            assert_eq!(check(&[(twin, "ada")], true), Err(HeaderProblem::LookAlike), "{twin}");
            assert_eq!(check(&[(twin, "ada")], false), Err(HeaderProblem::LookAlike), "{twin}");
        }
        let mut twice = headers(&[("x-forwarded-user", "ada")]);
        twice.append("x-forwarded-user", "eve".parse().unwrap());
        assert_eq!(super::check(&twice, &guarded, true), Err(HeaderProblem::Twice));
    }
}
