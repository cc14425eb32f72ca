//! The claims of an identity provider: how they are checked, and the role that follows from them.

use serde_json::{Map, Value};

use crate::{access::Role, time::Timestamp};

/// The claims of a token whose signature is already verified.
pub type Claims = Map<String, Value>;

/// The allowed difference between the provider's clock and this one, in seconds.
const LEEWAY: i64 = 60;
/// The longest subject that is accepted, in bytes.
const SUBJECT_MAX: usize = 255;
const GROUPS_MAX: usize = 200;
const GROUP_MAX: usize = 200;

/// The values that the claims of a token must have.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    pub issuer: &'a str,
    /// The required audience. `None` if this kind of token has no audience.
    pub audience: Option<&'a str>,
    /// The nonce that the authentication request had. `None` if it had none.
    pub nonce: Option<&'a str>,
}

/// Why a token is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    #[error("the token is of another issuer")]
    Issuer,
    #[error("the token is for somebody else")]
    Audience,
    #[error("the token names another authorized party")]
    Party,
    #[error("the token has expired, or names no end")]
    Expired,
    #[error("the token is not valid yet")]
    Early,
    #[error("the token answers another question")]
    Nonce,
    #[error("the token names nobody")]
    Subject,
}

/// Checks the claims of a token and returns its subject.
pub fn check<'a>(claims: &'a Claims, expected: &Expected<'_>, now: Timestamp) -> Result<&'a str, ClaimError> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("iss") != Some(expected.issuer) {
        return Err(ClaimError::Issuer);
    }
    if let Some(audience) = expected.audience {
        check_audience(claims, audience)?;
    }
    check_times(claims, now)?;
    if expected.nonce.is_some() && text("nonce") != expected.nonce {
        return Err(ClaimError::Nonce);
    }
    let subject = text("sub").filter(|subject| {
        !subject.is_empty() && subject.len() <= SUBJECT_MAX && !subject.contains(char::is_control)
    });
    subject.ok_or(ClaimError::Subject)
}

/// Checks that the audience contains `wanted`. If it has others too, `wanted` must be the authorized party (OpenID
/// Connect Core 3.1.3.7).
fn check_audience(claims: &Claims, wanted: &str) -> Result<(), ClaimError> {
    let several = match claims.get("aud") {
        Some(Value::String(audience)) if audience == wanted => false,
        Some(Value::Array(list)) if list.iter().any(|one| one.as_str() == Some(wanted)) => list.len() > 1,
        _ => return Err(ClaimError::Audience),
    };
    match claims.get("azp") {
        Some(party) if party.as_str() != Some(wanted) => Err(ClaimError::Party),
        None if several => Err(ClaimError::Party),
        _ => Ok(()),
    }
}

fn check_times(claims: &Claims, now: Timestamp) -> Result<(), ClaimError> {
    let now = now.as_micros() / 1_000_000;
    match seconds(claims.get("exp")) {
        Some(end) if end > now - LEEWAY => {}
        _ => return Err(ClaimError::Expired),
    }
    for name in ["nbf", "iat"] {
        let early = match claims.get(name) {
            None => false,
            given => seconds(given).is_none_or(|from| from > now + LEEWAY),
        };
        if early {
            return Err(ClaimError::Early);
        }
    }
    Ok(())
}

/// A number of seconds; fractions are cut off.
fn seconds(value: Option<&Value>) -> Option<i64> {
    let number = value?;
    #[expect(clippy::cast_possible_truncation, reason = "a float beyond i64 saturates")]
    number.as_i64().or_else(|| number.as_f64().map(|float| float as i64))
}

/// The rules that map the values of a claim to a role.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoleRules {
    /// The claim with the values. `None` if roles are assigned on the page of people.
    pub claim: Option<String>,
    pub admin: Vec<String>,
    pub operator: Vec<String>,
    pub viewer: Vec<String>,
    /// The role of a person whom no rule matches. `None` refuses the sign-in.
    pub default: Option<Role>,
    pub groups_claim: Option<String>,
}

impl RoleRules {
    /// The highest role that the values map to, or the default.
    #[must_use]
    pub fn role(&self, values: &[String]) -> Option<Role> {
        let has = |wanted: &[String]| wanted.iter().any(|one| values.contains(one));
        if has(&self.admin) {
            Some(Role::Admin)
        } else if has(&self.operator) {
            Some(Role::Operator)
        } else if has(&self.viewer) {
            Some(Role::Viewer)
        } else {
            self.default
        }
    }

    /// Whether the provider decides the role at every sign-in.
    #[must_use]
    pub const fn is_by_provider(&self) -> bool {
        self.claim.is_some() || !(self.admin.is_empty() && self.operator.is_empty() && self.viewer.is_empty())
    }
}

/// The strings of a claim, which is a string or an array of strings. `path` is the claim's name or a dotted path;
/// the name is tried first, because namespaced claims have dots in their names.
#[must_use]
pub fn values(claims: &Claims, path: &str) -> Vec<String> {
    match at(claims, path) {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

fn at<'a>(claims: &'a Claims, path: &str) -> Option<&'a Value> {
    claims.get(path).or_else(|| {
        let mut steps = path.split('.');
        let first = claims.get(steps.next()?)?;
        steps.try_fold(first, |value, step| value.get(step))
    })
}

/// The groups in a claim. `None` if the claim is absent, or is only a reference (`_claim_names`, OpenID Connect
/// Core 5.6.2: Entra ID sends a reference for a person with very many groups).
fn told_groups(claims: &Claims, path: &str) -> Option<Vec<String>> {
    let elsewhere = claims.get("_claim_names").and_then(|names| names.get(path)).is_some();
    let told = matches!(at(claims, path), Some(Value::String(_) | Value::Array(_)));
    (told && !elsewhere).then(|| groups(values(claims, path)))
}

/// Groups as they are stored: trimmed, without duplicates, and limited in length and number.
#[must_use]
pub fn groups(values: Vec<String>) -> Vec<String> {
    let mut groups: Vec<String> = values
        .into_iter()
        .map(|group| group.trim().to_owned())
        .filter(|group| {
            !group.is_empty() && group.chars().count() <= GROUP_MAX && !group.contains(char::is_control)
        })
        .collect();
    groups.sort();
    groups.dedup();
    // One more than the limit is kept, so that `has_too_many_groups` can see that there were too many.
    groups.truncate(GROUPS_MAX + 1);
    groups
}

/// The identity of a person as a provider or a proxy asserts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asserted {
    pub issuer: String,
    pub subject: String,
    /// Only a label, unless it is verified and linking is allowed.
    pub email: Option<String>,
    /// `None` if the provider does not say.
    pub email_verified: Option<bool>,
    /// The values of the role claim.
    pub role_values: Vec<String>,
    /// `None` if the provider does not say or no groups claim is set: the stored groups then do not change. This
    /// differs from an empty list, which removes the person from all groups and so from their grants.
    pub groups: Option<Vec<String>>,
}

impl Asserted {
    /// Whether there are more groups than the limit. Leaving some out could also leave out grants that limit
    /// access.
    #[must_use]
    pub fn has_too_many_groups(&self) -> bool {
        self.groups.as_ref().is_some_and(|groups| groups.len() > GROUPS_MAX)
    }

    /// Reads the identity from the claims of a token.
    #[must_use]
    pub fn read(issuer: &str, subject: &str, claims: &Claims, rules: &RoleRules) -> Self {
        let email = claims.get("email").and_then(Value::as_str);
        let verified = match claims.get("email_verified") {
            Some(Value::Bool(verified)) => Some(*verified),
            Some(Value::String(text)) => Some(text == "true"),
            None | Some(Value::Null) => None,
            Some(_) => Some(false),
        };
        Self {
            issuer: issuer.to_owned(),
            subject: subject.to_owned(),
            email: email.map(str::to_owned),
            email_verified: verified,
            role_values: rules.claim.as_ref().map_or_else(Vec::new, |claim| values(claims, claim)),
            groups: rules.groups_claim.as_ref().and_then(|claim| told_groups(claims, claim)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: Timestamp = Timestamp::from_micros(1_000_000 * 1_000_000);
    const EXPECTED: Expected<'static> =
        Expected { issuer: "https://idp.example", audience: Some("unstale"), nonce: Some("n") };

    fn claims(change: &Value) -> Claims {
        let mut claims = json!({"iss": "https://idp.example", "aud": "unstale", "sub": "s", "nonce": "n", "exp": 1_000_300});
        for (name, value) in change.as_object().unwrap() {
            if value.is_null() {
                claims.as_object_mut().unwrap().remove(name);
            } else {
                claims[name] = value.clone();
            }
        }
        claims.as_object().unwrap().clone()
    }

    #[test]
    fn a_token_that_says_what_it_must_is_believed() {
        for good in [
            json!({}),
            json!({"aud": ["unstale"]}),
            json!({"aud": ["unstale", "other"], "azp": "unstale"}),
            json!({"exp": 999_950}),
            json!({"iat": 1_000_050, "nbf": 1_000_000.5}),
        ] {
            assert_eq!(check(&claims(&good), &EXPECTED, NOW), Ok("s"), "{good}");
        }
    }

    #[test]
    fn a_token_that_does_not_is_refused_for_that() {
        for (bad, why) in [
            (json!({"iss": "https://idp.example/"}), ClaimError::Issuer),
            (json!({"iss": null}), ClaimError::Issuer),
            (json!({"iss": ["https://idp.example"]}), ClaimError::Issuer),
            (json!({"aud": "other"}), ClaimError::Audience),
            (json!({"aud": []}), ClaimError::Audience),
            (json!({"aud": null}), ClaimError::Audience),
            (json!({"aud": ["unstale", "other"]}), ClaimError::Party),
            (json!({"azp": "other"}), ClaimError::Party),
            (json!({"exp": 999_900}), ClaimError::Expired),
            (json!({"exp": null}), ClaimError::Expired),
            (json!({"exp": "1000300"}), ClaimError::Expired),
            (json!({"nbf": 1_000_100}), ClaimError::Early),
            (json!({"iat": 1_000_100}), ClaimError::Early),
            (json!({"nonce": "other"}), ClaimError::Nonce),
            (json!({"nonce": null}), ClaimError::Nonce),
            (json!({"sub": ""}), ClaimError::Subject),
            (json!({"sub": 7}), ClaimError::Subject),
            (json!({"sub": "a\nb"}), ClaimError::Subject),
        ] {
            assert_eq!(check(&claims(&bad), &EXPECTED, NOW), Err(why), "{bad}");
        }
    }

    #[test]
    fn groups_that_are_not_told_are_not_none() {
        let rules = RoleRules { groups_claim: Some("teams".to_owned()), ..RoleRules::default() };
        let read = |change: &Value| Asserted::read("i", "s", &claims(change), &rules);
        let names = |number: usize| (0..number).map(|n| format!("g{n}")).collect::<Vec<_>>();
        for silent in
            [json!({}), json!({"teams": 7}), json!({"teams": ["a"], "_claim_names": {"teams": "src1"}})]
        {
            assert_eq!(read(&silent).groups, None, "{silent}");
        }
        assert_eq!(read(&json!({"teams": []})).groups, Some(Vec::new()));
        assert_eq!(read(&json!({"teams": "a"})).groups, Some(vec!["a".to_owned()]));
        assert!(!read(&json!({"teams": names(GROUPS_MAX)})).has_too_many_groups());
        assert!(read(&json!({"teams": names(GROUPS_MAX + 1)})).has_too_many_groups());
    }

    #[test]
    fn roles_stand_at_a_name_or_at_a_path_and_the_highest_wins() {
        let claims = claims(&json!({
            "https://unstale.example/roles": ["dev", "ops"],
            "realm": {"roles": "boss"},
            "number": 7,
        }));
        let rules = RoleRules {
            admin: vec!["boss".to_owned()],
            operator: vec!["ops".to_owned()],
            viewer: vec!["dev".to_owned()],
            ..RoleRules::default()
        };
        let role = |path: &str| rules.role(&values(&claims, path));
        assert_eq!(role("https://unstale.example/roles"), Some(Role::Operator));
        assert_eq!(role("realm.roles"), Some(Role::Admin));
        for nothing in ["realm", "realm.roles.x", "number", "missing", ""] {
            assert_eq!(role(nothing), None, "{nothing}");
        }
    }
}
