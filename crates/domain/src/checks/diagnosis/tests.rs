//! Tests which cause an answer shows.

mod rows;
mod seen;

use rows::rows;

use super::{CheckCause, EdgeConfiguration};

/// The rows of the table that are errors. The others are answers that a verdict judges.
const ERRORS: [u8; 25] =
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 26, 29, 30, 31, 32, 35, 36];

#[test]
fn each_row_of_the_diagnosis_table_has_its_cause() {
    for number in ERRORS {
        assert!(rows().iter().any(|row| row.0 == number), "no row {number}");
    }
    for (number, seen, cause) in rows() {
        let what = (number, seen.url, &seen.outcome, &seen.configuration);
        assert_eq!(seen.cause(), cause, "{what:?}");
    }
}

/// The causes that follow from times, from two answers and from a page's references. A verdict sets them, not a diagnosis.
const NOT_DIAGNOSED: [CheckCause; 39] = [
    CheckCause::NoInvalidation,
    CheckCause::TooEarly,
    CheckCause::NoAge,
    CheckCause::AgeTooNear,
    CheckCause::NothingToCompare,
    CheckCause::Contradiction,
    CheckCause::GeneratedAtEdge,
    CheckCause::RedirectToHttps,
    CheckCause::Redirected,
    CheckCause::NeverCached,
    CheckCause::Revalidated,
    CheckCause::CacheBehind,
    CheckCause::Answers,
    CheckCause::AnswersDiffer,
    CheckCause::UnknownXCache,
    CheckCause::NotLooked,
    CheckCause::GuessedUrl,
    CheckCause::SecretNotRead,
    CheckCause::OldAtEdge,
    CheckCause::CompressedCopyOld,
    CheckCause::NotCovered,
    CheckCause::CacheInFront,
    CheckCause::OtherDistribution,
    CheckCause::OriginUnchanged,
    CheckCause::SameAsOrigin,
    CheckCause::OriginHasOther,
    CheckCause::TextMissing,
    CheckCause::TextForbidden,
    CheckCause::OtherBody,
    CheckCause::NotGone,
    CheckCause::ReferenceMissing,
    CheckCause::MixedContent,
    CheckCause::CorsMissing,
    CheckCause::CorsOtherOrigin,
    CheckCause::CorsCachedWithoutOrigin,
    CheckCause::CorsCredentialsWithAny,
    CheckCause::CorsRequestRefused,
    CheckCause::CorsPreflightRefused,
    CheckCause::CorsHeaderNotAllowed,
];

#[test]
fn each_cause_is_diagnosed_or_left_to_the_verdict() {
    let diagnosed: Vec<CheckCause> = rows().into_iter().map(|(_, _, cause)| cause).collect();
    for cause in CheckCause::ALL {
        let places = [diagnosed.contains(cause), NOT_DIAGNOSED.contains(cause)];
        assert_eq!(places.iter().filter(|is| **is).count(), 1, "{cause:?}");
    }
}

/// A configuration that is not known must not lead to a cause that only a configuration can prove.
#[test]
fn what_is_not_known_proves_nothing() {
    let proved_by_configuration = [
        CheckCause::NoDefaultRootObject,
        CheckCause::RefusedMaybeWaf,
        CheckCause::StackedDistribution,
        CheckCause::Disabled,
        CheckCause::Deploying,
        CheckCause::HttpsRequired,
        CheckCause::NotCloudFront,
        CheckCause::ErrorPageMissing,
    ];
    for (_, seen, _) in rows() {
        let cause = seen.clone().known(|c| *c = EdgeConfiguration::default()).cause();
        assert!(!proved_by_configuration.contains(&cause), "{cause:?} {:?}", seen.outcome);
    }
}
