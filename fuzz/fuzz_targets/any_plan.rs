//! What holds of the plan of any text. The fuzz target checks it, and a test of the service with the seeds.

use unstale_domain::{
    distributions::distribution::Distribution,
    id::DistributionId,
    invalidations::{
        batching::{Load, OURS},
        item::{Item, PATH_MAX},
        plan::{Plan, Surroundings},
    },
    time::Timestamp,
};

/// Makes the plan of a text and checks it.
pub fn check(text: &str) {
    let plan = Plan::work_out(text, &distribution(), Surroundings::unmeasured(OURS));
    assert!(plan.items.is_sorted_by(|one, next| one < next), "sorted, each once");
    assert!(plan.items.iter().all(is_sendable), "{:?}", plan.items);
    assert_eq!(plan.batches.iter().map(Vec::len).sum::<usize>(), plan.items.len());
    assert!(plan.batches.iter().all(|batch| Load::default().leaves_room_for(Load::of(batch), OURS)));
    let count = text.lines().count();
    assert!(plan.lines.iter().all(|line| (1..=count).contains(&line.number)));
}

/// A path or a tag without blanks, and with an asterisk at the end alone.
fn is_sendable(item: &Item) -> bool {
    let text = item.as_str();
    let inner = text.strip_suffix('*').unwrap_or(text);
    text.starts_with(['/', '#'])
        && text.len() <= PATH_MAX
        && text.bytes().all(|byte| byte.is_ascii_graphic())
        && !(text.starts_with('/') && (inner.contains('*') || text.contains('#')))
}

fn distribution() -> Distribution {
    Distribution {
        id: DistributionId::from_trusted("E1"),
        arn: String::new(),
        domain_name: "d111.cloudfront.net".to_owned(),
        aliases: vec!["www.example.com".to_owned()],
        comment: String::new(),
        enabled: true,
        status: "Deployed".to_owned(),
        staging: false,
        tenant_only: false,
        origins: vec!["site.s3.amazonaws.com".to_owned()],
        config: None,
        traffic: None,
        flat_rate_plan: None,
        last_modified: Timestamp::from_micros(0),
        seen_at: Timestamp::from_micros(0),
        gone_at: None,
    }
}
