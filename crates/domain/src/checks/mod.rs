//! Checks: what is seen of a URL at the edge, what it proves, and what to do about it.

mod api_check;
pub mod body_hint;
mod bucket_changes;
mod cached;
pub mod cause;
pub mod check_up;
pub mod compressed;
pub mod configuration;
mod content;
pub mod cors;
mod diagnosis;
mod edge_location;
pub mod evidence;
pub mod expected;
pub mod freshness;
pub mod handed_in;
mod headers;
mod hidden_file;
mod judge_api;
pub mod look;
mod look_headers;
mod new_settings;
pub mod origin;
mod page_files;
pub mod references;
pub mod run;
pub mod sample;
pub mod settings;
pub mod sitemap;
mod step;
mod stored_look;
#[cfg(test)]
mod tests;
mod url_parts;
pub mod verdict;
pub mod warming;
pub mod x_cache;

pub use api_check::{APIS_MAX, ApiCheck, ApiMethod, ApiProblem, NewApi};
pub use body_hint::{BodyHint, body_hint, error_type_hint};
pub use bucket_changes::{
    BucketChanges, BucketComparison, BucketOrigin, ChangedFile, ChangesFinder, ChangesProblem,
    ChangesProblemName, RefreshedPaths, bucket_origins,
};
pub use cause::CheckCause;
pub use check_up::{CheckUp, CheckUpLooks, Finding, FindingName, FindingState, check_up};
pub use compressed::{CompressedAnswer, judge_compressed, needs_compressed};
pub use configuration::{CustomErrorResponse, EdgeConfiguration, OriginKind, bucket_of};
pub use cors::{CorsAnswer, CorsLook, CorsRequests, judge_cors};
pub use diagnosis::diagnose;
pub use edge_location::{EDGE_LOCATIONS_MAX, EdgeLocation, SilentLocation};
pub use evidence::Evidence;
pub use expected::{ExpectedContent, ExpectedContentError};
pub use freshness::Freshness;
pub use handed_in::{HandedIn, HandedInError, HandedInLook};
pub use judge_api::{judge_api, preflight_headers};
pub use look::{Answer, BodyDigest, Look, LookFailure};
pub use look_headers::{LookHeaderProblem, LookHeaders, NewHeader, Sealing, SecretHeader};
pub use new_settings::{CheckSettingsError, NewCheckSettings};
pub use origin::{AtOrigin, OriginAnswer, judge_origin, needs_origin, object_key};
pub use page_files::is_file_of_page;
pub use references::{
    PageSource, Reference, ReferenceKind, ReferenceOutcome, ReferenceSeen, judge_references,
    needs_references, page_references, page_scripts,
};
pub use run::{CheckKind, CheckRun, CheckRunState, ProbeRound, UrlCheck, VantageCheck, may_get_run};
pub use sample::{KNOWN_RUNS, SampleUrl, sample, sample_of_distribution};
pub use settings::CheckSettings;
pub use sitemap::{Sitemap, SitemapKind};
pub use step::{api_step, reference_step, step};
pub use verdict::{Judgement, Verdict, judge};
pub use warming::{
    SITEMAPS_MAX, WARMING_MAX, Warming, WarmingEnd, WarmingFailure, WarmingPlan, WarmingPlanner,
    WarmingRefusal, WarmingRemark, WarmingState,
};
pub use x_cache::XCache;
