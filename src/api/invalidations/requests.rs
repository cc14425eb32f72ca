//! The bodies of plans and requests, and the plan that is made for them.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::{body::JsonFields, error::ApiError, invalidations::wanted::WantedItems},
    domain::{
        checks::ExpectedContent,
        invalidations::{
            invalidation::{PUT_OFF_MAX, parse_reason},
            item::ItemError,
            plan::{LINES_MAX, Plan, PlanLine},
        },
        secret::sha256_hex,
        time::Timestamp,
    },
    http::problem::Fault,
};

/// The number of wrong lines that are listed.
const FAULTS_MAX: usize = 100;
/// The maximum length of a distribution's name.
const NAME_MAX: usize = 253;
/// How far in the future `not_before` may be, in days.
const AHEAD_MAX: u64 = PUT_OFF_MAX.as_secs() / (24 * 60 * 60);

/// What to work out: `items`, `text` or `keys`.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"distribution": "E2QWRUHAPOMQZL", "items": ["/styles.css", "/images/*"]}))]
pub struct PlanRequest {
    /// Its ID, its ARN, a host that it serves (its domain name, an alias, a name under a wildcard alias), or a URL of it.
    /// Where it is left out, each line is given to the distribution that its URL or its bucket names.
    #[schema(min_length = 1, max_length = 2048, nullable = false)]
    pub distribution: Option<String>,
    /// Paths, paths with a closing `*`, full URLs of the distribution, or `#tags`.
    #[schema(min_items = 1, max_items = 20000, nullable = false)]
    pub items: Option<Vec<String>>,
    /// The same, a line each, or what a tool printed: see "What the text may be".
    #[schema(max_length = 2_097_152)]
    pub text: Option<String>,
    /// Names of files: keys of the bucket, or names below the root of the site. They are encoded, so that `%`, `?`, `#`
    /// and `*` are ordinary characters.
    #[schema(min_items = 1, max_items = 20000)]
    pub keys: Option<Vec<String>>,
    /// Send what is asked for and nothing else: nothing is added, and what has no effect is sent too.
    pub exact: Option<bool>,
    /// Items that the plan must not add automatically.
    #[schema(max_items = 20000)]
    pub without: Option<Vec<String>>,
    /// Refresh the same items on the staging distribution too, to which the continuous deployment policy of the
    /// distribution sends viewers and which has a cache of its own. The answer then has a part for each. Each item is
    /// billed once more. Refused where no such distribution is known that the token may see.
    pub staging: Option<bool>,
    /// When it would be sent, for the freeze windows that it then meets. Without it, now.
    #[schema(format = DateTime)]
    pub not_before: Option<String>,
}

/// What to refresh: `items`, `text` or `keys`.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"distribution": "E2QWRUHAPOMQZL", "items": ["/styles.css"], "reason": "release 42"}))]
pub struct NewInvalidationRequest {
    /// Its ID, its ARN, a host that it serves (its domain name, an alias, a name under a wildcard alias), or a URL of it.
    /// Where it is left out, each line is given to the distribution that its URL or its bucket names, and each
    /// distribution gets an invalidation of its own, all in one transaction.
    #[schema(min_length = 1, max_length = 2048, nullable = false)]
    pub distribution: Option<String>,
    /// Paths, paths with a closing `*`, full URLs of the distribution, or `#tags`.
    #[schema(min_items = 1, max_items = 20000, nullable = false)]
    pub items: Option<Vec<String>>,
    /// The same, a line each, or what a tool printed: see "What the text may be".
    #[schema(max_length = 2_097_152)]
    pub text: Option<String>,
    /// Names of files: keys of the bucket, or names below the root of the site. They are encoded, so that `%`, `?`, `#`
    /// and `*` are ordinary characters.
    #[schema(min_items = 1, max_items = 20000)]
    pub keys: Option<Vec<String>>,
    /// Send what is asked for and nothing else: nothing is added, and what has no effect is sent too.
    pub exact: Option<bool>,
    /// Items that the plan must not add automatically.
    #[schema(max_items = 20000)]
    pub without: Option<Vec<String>>,
    /// Refresh the same items on the staging distribution too, to which the continuous deployment policy of the
    /// distribution sends viewers and which has a cache of its own. The answer then has a part for each. Each item is
    /// billed once more. Refused where no such distribution is known that the token may see.
    pub staging: Option<bool>,
    /// Kept in the history.
    #[schema(max_length = 500)]
    pub reason: Option<String>,
    /// Nothing is sent before this time; at most 30 days ahead.
    #[schema(format = DateTime)]
    pub not_before: Option<String>,
    /// Send a wide request during a freeze window anyway, where a problem of the type `frozen` asked for it. That
    /// needs a reason too.
    pub override_freeze: Option<bool>,
    /// The name of a protected distribution, where a problem of the type `confirmation-needed` asked for it.
    #[schema(max_length = 253)]
    pub confirm: Option<String>,
    /// What viewers must get: `new_version`, which is the default; `gone`, where the URLs were removed, so that 403,
    /// 404 and 410 are good answers; or `sha256:` with the 64 hexadecimal digits of the content of one path.
    #[schema(example = "new_version")]
    pub expected: Option<String>,
    /// Fetch each URL once by GET when CloudFront has completed it, so that the next viewer gets it from the edge. Not
    /// together with `gone`.
    pub warm: Option<bool>,
}

/// A request whose body is well formed.
#[derive(Debug)]
pub struct InvalidationRequest {
    pub wanted: WantedItems,
    pub reason: String,
    pub not_before: Option<Timestamp>,
    /// It is no part of the fingerprint: the same request with it is the same request.
    pub override_freeze: bool,
    pub confirm: Option<String>,
    pub expected: ExpectedContent,
    pub warm: bool,
    /// SHA-256 of all fields. It shows whether a request with the same key is the same request.
    pub fingerprint: String,
}

impl InvalidationRequest {
    /// Reads the body of a request.
    pub fn invalidation(mut fields: JsonFields, now: Timestamp) -> Result<Self, ApiError> {
        let wanted = WantedItems::read(&mut fields);
        let reason = fields.text("reason").unwrap_or_default();
        let reason = parse_reason(&reason).unwrap_or_else(|error| {
            fields.fault("/reason", error.to_string());
            String::new()
        });
        let not_before = read_not_before(&mut fields, now);
        let override_freeze = fields.flag("override_freeze").unwrap_or(false);
        let confirm = fields.text("confirm");
        if confirm.as_ref().is_some_and(|name| name.chars().count() > NAME_MAX) {
            fields.fault("/confirm", format!("may have at most {NAME_MAX} characters."));
        }
        let expected = fields.text("expected").map(|text| ExpectedContent::parse(&text));
        let expected = expected.unwrap_or(Ok(ExpectedContent::NewVersion)).unwrap_or_else(|error| {
            fields.fault("/expected", format!("{error}."));
            ExpectedContent::NewVersion
        });
        let warm = fields.flag("warm").unwrap_or(false);
        fields.end()?;
        let not_before_micros = not_before.map(Timestamp::as_micros);
        let whole = (wanted.parts(), &reason, not_before_micros, &confirm, expected.to_string(), warm);
        let fingerprint = sha256_hex(&serde_json::to_vec(&whole).unwrap_or_default());
        Ok(Self { wanted, reason, not_before, override_freeze, confirm, expected, warm, fingerprint })
    }
}

/// A plan whose body is well formed.
#[derive(Debug)]
pub struct WantedPlan {
    pub wanted: WantedItems,
    pub not_before: Option<Timestamp>,
}

impl WantedPlan {
    /// Reads the body of a plan.
    pub fn read(mut fields: JsonFields, now: Timestamp) -> Result<Self, ApiError> {
        let wanted = WantedItems::read(&mut fields);
        let not_before = read_not_before(&mut fields, now);
        fields.end().map(|()| Self { wanted, not_before })
    }
}

/// The earliest time at which it may be sent. What is wrong is noted in `fields`.
fn read_not_before(fields: &mut JsonFields, now: Timestamp) -> Option<Timestamp> {
    let at = Timestamp::parse(&fields.text("not_before")?);
    if at.is_none() {
        fields.fault("/not_before", "has to be a time such as 2026-11-23T22:00:00Z.");
    } else if at > Some(now.plus(PUT_OFF_MAX)) {
        fields.fault("/not_before", format!("may lie at most {AHEAD_MAX} days ahead."));
    }
    at
}

/// The error for a request of the same items on a staging distribution, where there is none. It is the same where the token
/// may not see it.
pub fn no_staging() -> ApiError {
    let detail = "cannot be used here: no staging distribution of it is known.";
    ApiError::invalid(vec![Fault::new("/staging", detail)])
}

/// What the grants allow. `None` unless an item is outside the grants.
pub fn not_granted(plan: &Plan) -> Option<String> {
    plan.refused().find_map(|(_, error)| match error {
        ItemError::NotGranted(allowed) => Some(allowed.clone()),
        _ => None,
    })
}

/// Checks that the plan can be sent. `Err` lists each wrong line with its place.
pub fn check(plan: &Plan, wanted: &WantedItems) -> Result<(), ApiError> {
    if let Some(why) = plan.refusal {
        return Err(ApiError::invalid(vec![Fault::new("/distribution", why)]));
    }
    if let Some(count) = plan.too_many_lines {
        let detail = format!("has {count} lines; one request takes at most {LINES_MAX}.");
        return Err(ApiError::invalid(vec![Fault::new(wanted.pointer(), detail)]));
    }
    check_lines(plan.refused(), wanted)?;
    if plan.items.is_empty() {
        let detail =
            "has nothing that would be sent; the plan says why. With \"exact\": true it is sent anyway.";
        return Err(ApiError::invalid(vec![Fault::new(wanted.pointer(), detail)]));
    }
    Ok(())
}

/// Checks that no line is refused.
pub fn check_lines<'a>(
    refused: impl Iterator<Item = (&'a PlanLine, &'a ItemError)>,
    wanted: &WantedItems,
) -> Result<(), ApiError> {
    let fault = |(line, error): (&PlanLine, &ItemError)| wanted.fault(line.number, error);
    let faults: Vec<Fault> = refused.take(FAULTS_MAX).map(fault).collect();
    if faults.is_empty() { Ok(()) } else { Err(ApiError::invalid(faults)) }
}
