//! Tests which URLs are chosen, and what is said of a warming.

use super::*;
use crate::{
    checks::CheckSettings,
    distributions::distribution::tests::sample as distribution,
    id::{BatchId, CallerReference},
    invalidations::{
        invalidation::{Batch, BatchState},
        item::Item,
    },
};

fn batch(state: BatchState, items: &[&str]) -> Batch {
    Batch {
        id: BatchId::from_trusted("b"),
        invalidation: InvalidationId::from_trusted("i"),
        distribution: DistributionId::from_trusted("E1"),
        number: 1,
        caller_reference: CallerReference::from_trusted("r"),
        items: items.iter().copied().map(Item::from_trusted).collect(),
        state,
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

fn plan(set: &[&str], items: &[&str], locations: &[&str]) -> WarmingPlan {
    let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let settings = CheckSettings { urls: texts(set), ..CheckSettings::default() };
    let batches = [batch(BatchState::Completed, items), batch(BatchState::Cancelled, &["/cancelled"])];
    let distribution = distribution();
    let mut planner = WarmingPlanner::new(&distribution, &settings, &batches).unwrap();
    planner.add_locations(&texts(locations));
    planner.finish()
}

fn paths(plan: &WarmingPlan) -> Vec<&str> {
    plan.urls.iter().map(|url| url.trim_start_matches("https://www.example.com")).collect()
}

#[test]
fn plain_paths_are_fetched_as_they_are_spelled() {
    let plan =
        plan(&["/set"], &["/a%7Eb", "/a~b", "/c?d=1", "/c?d=1", "/e/../f"], &["https://www.example.com/g"]);
    assert_eq!(paths(&plan), ["/a%7Eb", "/a~b", "/c?d=1"]);
    // Nobody can ask for a path with `..` in it.
    assert_eq!((plan.left_out, plan.remarks.as_slice()), (1, &[][..]));
}

#[test]
fn a_wildcard_covers_what_people_set_and_what_the_sitemap_names() {
    let plan = plan(
        &["/news/set", "/shop"],
        &["/news/*", "/a"],
        &[
            "https://www.example.com/news/1",
            "https://www.example.com/news/set#top",
            "https://www.example.com/shop",
            "https://elsewhere.example.org/news/2",
            "ftp://www.example.com/news/3",
            "/news/4",
            "https://www.example.com:8443/news/5",
            "https://www.example.com",
        ],
    );
    assert_eq!(paths(&plan), ["/a", "/news/set", "/news/1"]);
}

#[test]
fn a_tag_covers_what_people_set_and_that_is_said() {
    let plan = plan(&["/set"], &["#news"], &["https://www.example.com/news/1"]);
    assert_eq!((paths(&plan), plan.remarks.as_slice()), (vec!["/set"], &[WarmingRemark::Tags][..]));
}

#[test]
fn only_wildcards_need_a_sitemap() {
    let distribution = distribution();
    let sitemap = |items: &[&str]| {
        let batches = [batch(BatchState::Completed, items)];
        let planner = WarmingPlanner::new(&distribution, &CheckSettings::default(), &batches).unwrap();
        planner.sitemap().map(String::from)
    };
    assert_eq!(sitemap(&["/a", "#tag"]), None);
    assert_eq!(sitemap(&["/a*"]).as_deref(), Some("https://www.example.com/sitemap.xml"));
}

#[test]
fn what_is_too_much_is_counted_and_left_out() {
    let long = format!("/{}", "a".repeat(2_100));
    let items: Vec<String> = (0..WARMING_MAX + 7).map(|number| format!("/{number}")).chain([long]).collect();
    let plan = plan(&[], &items.iter().map(String::as_str).collect::<Vec<_>>(), &[]);
    assert_eq!((plan.urls.len(), plan.left_out), (WARMING_MAX, 8));
}

fn warming(planned: usize, outcomes: &[Result<(), WarmingFailure>]) -> Warming {
    let waiting = Warming::waiting(InvalidationId::from_trusted("i"), DistributionId::from_trusted("E1"));
    let mut warming = Warming { state: WarmingState::Running, planned, ..waiting };
    for outcome in outcomes {
        warming.count(*outcome);
    }
    warming
}

#[test]
fn what_is_said_counts_what_was_fetched_and_what_failed() {
    use WarmingFailure::{Status, TimedOut, TooLarge};
    assert_eq!(warming(1, &[]).describe(), "0 of 1 URL fetched.");
    let waiting = Warming::waiting(InvalidationId::from_trusted("i"), DistributionId::from_trusted("E1"));
    assert!(waiting.describe().ends_with("when CloudFront has completed the invalidation."));
    let due = Warming { due_at: Some(Timestamp::from_micros(0)), ..waiting };
    assert_eq!(due.describe(), "Unstale finds out which URLs there are to fetch.");
    let failed = warming(3, &[Ok(()), Err(Status(404)), Err(Status(404))]);
    assert_eq!((failed.tried(), failed.describe().as_str()), (3, "1 of 3 URLs fetched, 2 failed (404)."));
    let several = [Status(500), Status(500), TooLarge, TimedOut, Status(403)].map(Err);
    let told = "0 of 9 URLs fetched, 5 failed (2 500, 1 403, 1 larger than 32 MiB, and others).";
    assert_eq!(warming(9, &several).describe(), told);
    let mut ended = Warming { left_out: 7, ended: Some(WarmingEnd::SiteHangs), ..failed };
    ended.state = WarmingState::Done;
    ended.remarks.push(WarmingRemark::SitemapCut);
    assert_eq!(
        ended.describe(),
        "Stopped: the site did not answer in time. Look at the site first. 1 of 3 URLs fetched, 2 failed (404). \
         7 more were left out: too many. The sitemap is larger than what is read of it: at most 10 files of 1 MiB each."
    );
    let cancelled =
        Warming { ended: Some(WarmingEnd::Cancelled), state: WarmingState::Done, ..warming(0, &[]) };
    assert_eq!(cancelled.describe(), "Not done: the invalidation was cancelled.");
}

#[test]
fn all_words_read_back() {
    for state in WarmingState::ALL {
        assert_eq!(WarmingState::parse(state.as_str()), Some(state));
    }
    for end in WarmingEnd::ALL {
        assert_eq!(WarmingEnd::parse(end.as_str()), Some(end));
    }
    for remark in WarmingRemark::ALL {
        assert_eq!(WarmingRemark::parse(remark.as_str()), Some(remark));
    }
    for failure in [
        WarmingFailure::Status(404),
        WarmingFailure::TooLarge,
        WarmingFailure::TimedOut,
        WarmingFailure::NotConnected,
        WarmingFailure::NotAllowed,
        WarmingFailure::SecretNotRead,
        WarmingFailure::BadAnswer,
    ] {
        assert_eq!(WarmingFailure::parse(&failure.word()), Some(failure));
    }
    assert_eq!(WarmingFailure::parse("else"), None);
}
