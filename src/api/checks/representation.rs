//! The JSON form of checks. It is a contract with clients: fields may be added, but never changed.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{
    checks::{
        CheckRun, CompressedAnswer, CorsAnswer, CorsLook, Freshness, Judgement, Look, OriginAnswer,
        SilentLocation, UrlCheck, XCache,
    },
    secret::hex,
    time::Timestamp,
    tokens::probe::SERVER_VANTAGE,
};

/// Looks at some URLs of a distribution, and what they prove.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CheckRun)]
pub struct CheckRunShape {
    pub id: String,
    /// The ID of the distribution.
    pub distribution: String,
    /// The ID of the invalidation that it belongs to; null where somebody asked for the check alone.
    pub invalidation: Option<String>,
    /// `pending`, or `done` once each URL has a verdict. That of an invalidation may still change, since Unstale looks
    /// again while a later look may have a better one.
    pub state: String,
    /// `off`, `pending`, `fresh`, `unchanged`, `stale`, `broken` or `unclear`: the worst of its checks.
    pub freshness: String,
    #[schema(format = DateTime)]
    pub created_at: String,
    pub checks: Vec<CheckShape>,
    /// The edge locations that were asked and gave no answer of their own. They count for nothing.
    pub silent_locations: Vec<SilentLocationShape>,
}

/// An edge location that gave no answer of its own for a URL when it was last asked.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = SilentLocation)]
pub struct SilentLocationShape {
    pub url: String,
    /// The edge location, such as `FRA50-C1`.
    pub vantage: String,
    /// Why it does not count, for people.
    pub why: String,
    /// What came in its place: a failure, or the answer of another location.
    pub look: LookShape,
}

/// What viewers get at one URL.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Check)]
pub struct CheckShape {
    /// `url`, or `api` for the API behind the site, which is looked at by the server after completion alone. With the
    /// cause `answers` all is well with it, and its verdict `unclear` is none about the site.
    pub kind: String,
    pub url: String,
    /// Where it was looked from: `server`, the name of a probe, or an edge location that the server asked, such as
    /// `FRA50-C1`. Each place is an entry of its own.
    pub vantage: String,
    /// `fresh`, `unchanged`, `stale`, `broken` or `unclear`; null until there is one.
    pub verdict: Option<String>,
    /// A stable word, such as `origin_unchanged`; null where there is none.
    pub cause: Option<String>,
    /// What to do next, for people; null where there is nothing to do.
    pub step: Option<String>,
    /// The look before anything was cleared; null where there was none. Only the server looks before.
    pub before: Option<LookShape>,
    /// The last look after CloudFront had completed the invalidation.
    pub after: Option<LookShape>,
}

/// What the edge answered, or why it did not.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[schema(as = Look)]
pub struct LookShape {
    #[schema(format = DateTime)]
    pub at: String,
    pub status: Option<u16>,
    /// What CloudFront wrote before `from cloudfront`, such as `Hit` or `Miss`; another value as it was sent.
    pub x_cache: Option<String>,
    /// In seconds.
    pub age: Option<u64>,
    pub etag: Option<String>,
    #[schema(format = DateTime)]
    pub last_modified: Option<String>,
    /// In bytes.
    pub length: Option<u64>,
    /// The SHA-256 of the body in hexadecimal digits; null where not all of it was read.
    pub sha256: Option<String>,
    /// The edge location, such as `FRA50-C1`.
    pub pop: Option<String>,
    /// The ID of the request that AWS Support asks for.
    pub cf_id: Option<String>,
    /// A word such as `connect_timeout` where there was no answer.
    pub failure: Option<String>,
    /// What a page of `cors_origin` got; null where none is set, or where it would prove nothing.
    pub cors: Option<CorsLookShape>,
    /// What viewers got that accept compressed answers; null where they were not looked at.
    pub compressed: Option<CompressedAnswerShape>,
    /// What the origin itself answered; null where it was not asked.
    pub origin: Option<OriginAnswerShape>,
}

/// What came of a request with `Accept-Encoding: gzip, br`.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CompressedAnswer)]
pub struct CompressedAnswerShape {
    pub status: u16,
    /// `Content-Encoding`; null where the answer is not compressed.
    pub encoding: Option<String>,
    pub x_cache: Option<String>,
    /// In seconds.
    pub age: Option<u64>,
    pub etag: Option<String>,
}

/// What the origin answered without CloudFront.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = OriginAnswer)]
pub struct OriginAnswerShape {
    /// 403 where Unstale may not read the file, so that nothing follows.
    pub status: u16,
    pub etag: Option<String>,
    #[schema(format = DateTime)]
    pub last_modified: Option<String>,
    /// In bytes.
    pub length: Option<u64>,
    /// The SHA-256 of the body in hexadecimal digits; null where it was not read, as of a bucket.
    pub sha256: Option<String>,
}

/// What the requests of another origin got.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CorsLook)]
pub struct CorsLookShape {
    /// The origin that the requests named.
    pub origin: String,
    /// The GET; null where it got no answer.
    pub get: Option<CorsAnswerShape>,
    /// The OPTIONS that browsers send before a request with headers of its own; null where none was sent or answered.
    pub preflight: Option<CorsAnswerShape>,
}

/// What one answer says to another origin.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CorsAnswer)]
pub struct CorsAnswerShape {
    pub status: u16,
    /// `Access-Control-Allow-Origin`; null where it is missing.
    pub allowed_origin: Option<String>,
    /// Whether `Access-Control-Allow-Credentials` is `true`.
    pub allows_credentials: bool,
    /// `Access-Control-Allow-Headers`; null where it is missing.
    pub allowed_headers: Option<String>,
}

impl CheckRunShape {
    /// A run as it stands. Where the service does not look, a verdict that is missing stays missing.
    pub fn new(run: &CheckRun, are_checks_on: bool) -> Self {
        let is_pending = run.freshness == Freshness::Pending;
        let freshness = if is_pending && !are_checks_on { Freshness::Off } else { run.freshness };
        let state = if freshness == Freshness::Pending { "pending" } else { "done" };
        Self {
            id: run.id.to_string(),
            distribution: run.distribution.to_string(),
            invalidation: run.invalidation.as_ref().map(ToString::to_string),
            state: state.to_owned(),
            freshness: freshness.as_str().to_owned(),
            created_at: run.created_at.to_string(),
            checks: CheckShape::all(run),
            silent_locations: SilentLocationShape::all(run),
        }
    }
}

impl SilentLocationShape {
    /// Those of a run, in its order.
    pub fn all(run: &CheckRun) -> Vec<Self> {
        let of_url =
            |check: &UrlCheck| check.silent.iter().map(|one| Self::new(&check.url, one)).collect::<Vec<_>>();
        run.urls.iter().flat_map(of_url).collect()
    }

    fn new(url: &str, silent: &SilentLocation) -> Self {
        Self {
            url: url.to_owned(),
            vantage: silent.location.as_str().to_owned(),
            why: silent.describe(),
            look: LookShape::new(&silent.look),
        }
    }
}

impl CheckShape {
    /// The checks of a run, in its order.
    pub fn all(run: &CheckRun) -> Vec<Self> {
        let of_url = |check| [Self::new(check)].into_iter().chain(Self::elsewhere(check));
        run.urls.iter().flat_map(of_url).collect()
    }

    /// What was seen of a URL at other places. A probe's look without a verdict gets one in a moment.
    fn elsewhere(check: &UrlCheck) -> impl Iterator<Item = Self> {
        check.elsewhere.iter().map(|one| Self {
            kind: check.kind.as_str().to_owned(),
            url: check.url.clone(),
            vantage: one.vantage.clone(),
            before: None,
            after: Some(LookShape::new(&one.after)),
            ..Self::judged(one.judgement, &one.step)
        })
    }

    fn judged(judgement: Option<Judgement>, step: &str) -> Self {
        Self {
            kind: String::new(),
            url: String::new(),
            vantage: SERVER_VANTAGE.to_owned(),
            verdict: judgement.map(|one| one.verdict.as_str().to_owned()),
            cause: judgement.and_then(|one| one.cause).map(|cause| cause.as_str().to_owned()),
            step: Some(step.to_owned()).filter(|step| !step.is_empty()),
            before: None,
            after: None,
        }
    }

    fn new(check: &UrlCheck) -> Self {
        Self {
            kind: check.kind.as_str().to_owned(),
            url: check.url.clone(),
            before: check.before.as_ref().map(LookShape::new),
            after: check.after.as_ref().map(LookShape::new),
            ..Self::judged(check.judgement, &check.step)
        }
    }
}

impl LookShape {
    fn new(look: &Look) -> Self {
        let at = look.at.to_string();
        let answer = match &look.outcome {
            Ok(answer) => answer,
            Err(failure) => {
                let word = serde_json::to_value(failure).ok();
                let failure = word.and_then(|word| word.as_str().map(str::to_owned));
                return Self { at, failure, ..Self::default() };
            }
        };
        let whole = answer.body.filter(|body| body.whole);
        Self {
            at,
            status: Some(answer.status),
            x_cache: answer.x_cache.as_ref().map(XCache::as_str).map(str::to_owned),
            age: answer.age,
            etag: answer.etag.clone(),
            last_modified: answer.last_modified.map(|at: Timestamp| at.to_string()),
            length: answer.length,
            sha256: whole.map(|body| hex(&body.sha256)),
            pop: answer.pop.clone(),
            cf_id: answer.cf_id.clone(),
            failure: None,
            cors: answer.cors.as_ref().map(CorsLookShape::new),
            compressed: answer.compressed.as_deref().map(CompressedAnswerShape::new),
            origin: answer.origin.as_ref().map(OriginAnswerShape::new),
        }
    }
}

impl CompressedAnswerShape {
    fn new(answer: &CompressedAnswer) -> Self {
        Self {
            status: answer.status,
            encoding: answer.encoding.clone(),
            x_cache: answer.x_cache.clone(),
            age: answer.age,
            etag: answer.etag.clone(),
        }
    }
}

impl OriginAnswerShape {
    fn new(answer: &OriginAnswer) -> Self {
        Self {
            status: answer.status,
            etag: answer.etag.clone(),
            last_modified: answer.last_modified.map(|at| at.to_string()),
            length: answer.length,
            sha256: answer.body.filter(|body| body.whole).map(|body| hex(&body.sha256)),
        }
    }
}

impl CorsLookShape {
    fn new(look: &CorsLook) -> Self {
        let answer = |answer: &CorsAnswer| CorsAnswerShape {
            status: answer.status,
            allowed_origin: answer.allowed_origin.clone(),
            allows_credentials: answer.allows_credentials,
            allowed_headers: answer.allowed_headers.clone(),
        };
        Self {
            origin: look.origin.clone(),
            get: look.get.as_ref().map(answer),
            preflight: look.preflight.as_ref().map(answer),
        }
    }
}
