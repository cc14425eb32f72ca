//! Tests which URLs are picked.

use super::*;
use crate::{
    distributions::distribution::tests::sample as distribution,
    id::{CallerReference, DistributionId, InvalidationId},
    invalidations::invalidation::BatchState,
    time::Timestamp,
};

fn batch(id: &str, items: &[&str]) -> Batch {
    Batch {
        id: BatchId::from_trusted(id),
        invalidation: InvalidationId::from_trusted("i"),
        distribution: DistributionId::from_trusted("E1"),
        number: 1,
        caller_reference: CallerReference::from_trusted("r"),
        items: items.iter().copied().map(Item::from_trusted).collect(),
        state: BatchState::Queued,
        attempts: 0,
        due_at: Timestamp::from_micros(0),
        created_at: Timestamp::from_micros(0),
        first_sent_at: None,
        accepted_at: None,
        completed_at: None,
        cloudfront_id: None,
        aws_request_id: None,
        problem: None,
        cut_into: None,
        merged_into: None,
    }
}

fn urls(set: &[&str], items: &[&str], known: &[&str]) -> Vec<String> {
    let [set, known] = [set, known].map(|list| list.iter().map(|text| (*text).to_owned()).collect());
    let settings = CheckSettings { urls: set, ..CheckSettings::default() };
    let known: Vec<String> = known;
    let picked = sample(&distribution(), &settings, &[batch("b", items)], &known);
    picked.into_iter().map(|one| one.url.replace("https://www.example.com", "")).collect()
}

#[test]
fn plain_paths_are_looked_at_as_they_are_spelled() {
    assert_eq!(urls(&[], &["/a.html", "/A%7Eb?c=d"], &[]), ["/a.html", "/A%7Eb?c=d"]);
    // A URL cannot have these paths: a client would ask for another one.
    assert_eq!(urls(&[], &["/a/../b", "/a#b"], &[]), Vec::<String>::new());
}

#[test]
fn many_paths_are_sampled_first_and_spread() {
    let items: Vec<String> = (0..1_000).map(|number| format!("/{number:04}")).collect();
    let items: Vec<&str> = items.iter().map(String::as_str).collect();
    let picked = urls(&[], &items, &[]);
    assert_eq!(picked.len(), FIRST + SPREAD);
    assert_eq!((picked[19].as_str(), picked[20].as_str(), picked[24].as_str()), ("/0019", "/0020", "/0804"));
}

#[test]
fn a_wildcard_is_looked_at_by_what_people_set_below_it() {
    assert_eq!(urls(&["/news/a", "/shop"], &["/news/*"], &["https://www.example.com/news/b"]), ["/news/a"]);
    assert_eq!(urls(&["/news/a", "/shop"], &["/*"], &[]), ["/news/a", "/shop"]);
}

#[test]
fn else_by_what_earlier_looks_know_and_else_by_its_folder() {
    let known =
        ["https://www.example.com/news/b", "https://other.example/news/c", "https://www.example.com/shop"];
    assert_eq!(urls(&[], &["/news/*"], &known), ["/news/b"]);
    assert_eq!(urls(&[], &["/news/*"], &[]), ["/news/"]);
    assert_eq!(urls(&[], &["/*"], &[]), ["/"]);
    assert_eq!(urls(&[], &["/img/a*"], &[]), Vec::<String>::new());
}

#[test]
fn a_tag_is_looked_at_by_what_people_set() {
    assert_eq!(urls(&["/shop"], &["#product"], &[]), ["/shop"]);
    assert_eq!(urls(&[], &["#product"], &[]), ["/"]);
}

#[test]
fn each_url_is_looked_at_once_for_the_batch_that_clears_it() {
    let settings = CheckSettings::default();
    let batches = [batch("one", &["/a"]), batch("two", &["/a", "/b"])];
    let picked = sample(&distribution(), &settings, &batches, &[]);
    let picked: Vec<_> =
        picked.iter().map(|one| (one.url.as_str(), one.batch.as_ref().unwrap().as_str())).collect();
    assert_eq!(picked, [("https://www.example.com/a", "one"), ("https://www.example.com/b", "two")]);
    let many: Vec<String> = (0..URLS).map(|number| format!("/set{number}")).collect();
    let items: Vec<String> = (0..SAMPLE_MAX).map(|number| format!("/set{number}*")).collect();
    let items: Vec<&str> = items.iter().map(String::as_str).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert!(urls(&many, &items, &[]).len() <= SAMPLE_MAX);
}

const URLS: usize = 100;

#[test]
fn a_check_without_an_invalidation_looks_at_what_is_given_or_set_or_known() {
    let urls = |given: &[&str], set: &[&str], known: &[&str]| {
        let [given, set, known] =
            [given, set, known].map(|list| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
        let settings = CheckSettings { urls: set, ..CheckSettings::default() };
        let picked = sample_of_distribution(&distribution(), &settings, &given, &known)?;
        Ok(picked.into_iter().map(|one| one.url.replace("https://www.example.com", "")).collect::<Vec<_>>())
    };
    assert_eq!(urls(&["/a", "/a"], &["/b"], &["/c"]).unwrap(), ["/a"]);
    assert_eq!(urls(&[], &["/b"], &["/c"]).unwrap(), ["/b"]);
    assert_eq!(urls(&[], &[], &["/c", "https://gone.example/"]).unwrap(), ["/c"]);
    assert_eq!(urls(&[], &[], &[]).unwrap(), ["/"]);
    let refused: Result<Vec<String>, CheckSettingsError> = urls(&["https://169.254.169.254/"], &[], &[]);
    assert_eq!(refused, Err(CheckSettingsError::Url("https://169.254.169.254/".to_owned())));
}
