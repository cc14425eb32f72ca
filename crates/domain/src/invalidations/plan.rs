//! The plan: what a request would do. It is computed before anything is sent.

use std::{
    collections::{BTreeSet, HashMap},
    ops::Bound::{Included, Unbounded},
};

use super::{
    batching::{self, Limits, Load},
    item::{Doubt, Item, ItemError, Mending, TargetDistribution, parse_line, trimmed},
    price::{self, Dollars},
    quotas::{QuotaUsage, Quotas},
};
use crate::{
    access::{Access, Role},
    distributions::{distribution::Distribution, host_table::HostTable},
};

/// The most lines of one request. More items need several requests.
pub const LINES_MAX: usize = 20_000;

/// What a request would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The lines that are not blank, in their order.
    pub lines: Vec<PlanLine>,
    /// The items to send, sorted and without repeats.
    pub items: Vec<Item>,
    pub batches: Vec<Vec<Item>>,
    pub warnings: Vec<String>,
    /// Why the distribution accepts no request. `None` if it accepts requests.
    pub refusal: Option<&'static str>,
    /// How many items the account was billed this month before this request.
    pub used_this_month: u64,
    /// The items that the distribution has in progress now.
    pub in_flight: Load,
    /// The number of lines, if it is more than [`LINES_MAX`]; otherwise `None`.
    pub too_many_lines: Option<usize>,
}

/// One typed line and what is done with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanLine {
    /// The line number, from 1. Blank lines count.
    pub number: usize,
    pub typed: String,
    pub verdict: LineVerdict,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineVerdict {
    Send { item: Item, mendings: Vec<Mending>, doubts: Vec<Doubt> },
    Dropped { item: Item, why: Drop },
    Refused(ItemError),
}

/// Why a valid line is not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Drop {
    /// It is the same as the earlier line with this number.
    Repeats(usize),
    /// This wildcard of the same request covers it.
    CoveredBy(Item),
}

/// What the plan needs to know besides the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Surroundings {
    pub used_this_month: u64,
    pub in_flight: Load,
    pub limits: Limits,
    pub quotas: Quotas,
    /// What the actor has requested in the last 24 hours.
    pub spent: QuotaUsage,
}

impl Surroundings {
    /// For a plan that nobody sees. What is sent depends on the limits only, so the other values are zero.
    #[must_use]
    pub fn unmeasured(limits: Limits) -> Self {
        let quotas = Quotas { daily_items: None };
        Self { used_this_month: 0, in_flight: Load::default(), limits, quotas, spent: QuotaUsage::default() }
    }
}

impl Plan {
    /// The plan of the typed lines, without grants and without knowledge of other distributions.
    #[must_use]
    pub fn work_out(typed: &str, distribution: &Distribution, around: Surroundings) -> Self {
        let access = Access::whole(Role::Operator);
        Self::within(typed, &TargetDistribution::new(distribution, &HostTable::default()), around, &access)
    }

    /// The plan of the typed lines. It refuses hosts of other distributions and items outside the actor's grants.
    #[must_use]
    pub fn within(typed: &str, on: &TargetDistribution<'_>, around: Surroundings, access: &Access) -> Self {
        let distribution = on.distribution();
        let count = typed.lines().filter(|line| !trimmed(line).is_empty()).count();
        let too_many_lines = (count > LINES_MAX).then_some(count);
        let mut lines: Vec<PlanLine> = typed
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, trimmed(line)))
            .filter(|(_, line)| !line.is_empty())
            .take(LINES_MAX)
            .map(|(number, line)| PlanLine { number, typed: line.to_owned(), verdict: verdict(line, on) })
            .collect();
        // The order matters: a line that is refused must not cover another line.
        refuse_ungranted(&mut lines, distribution, access);
        drop_repeats(&mut lines);
        drop_covered(&mut lines);
        let mut items: Vec<Item> = lines.iter().filter_map(PlanLine::item_to_send).cloned().collect();
        items.sort();
        let mut warnings = warnings(&items, distribution);
        let over = around.quotas.refusal(items.len(), around.spent);
        warnings.extend(over.map(|why| format!("It would be refused: {why}.")));
        Self {
            batches: batching::split(&items, around.limits),
            warnings,
            refusal: distribution.refusal(),
            items,
            lines,
            used_this_month: around.used_this_month,
            in_flight: around.in_flight,
            too_many_lines,
        }
    }

    /// Whether the request can be sent without a change.
    #[must_use]
    pub fn is_sendable(&self) -> bool {
        self.refusal.is_none()
            && !self.items.is_empty()
            && self.too_many_lines.is_none()
            && self.refused().next().is_none()
    }

    /// The refused lines with their errors.
    pub fn refused(&self) -> impl Iterator<Item = (&PlanLine, &ItemError)> {
        self.lines.iter().filter_map(|line| match &line.verdict {
            LineVerdict::Refused(error) => Some((line, error)),
            _ => None,
        })
    }

    /// How many items CloudFront bills.
    #[must_use]
    pub fn billable(&self) -> usize {
        self.items.len()
    }

    #[must_use]
    pub fn cost(&self) -> Dollars {
        price::cost(self.items.len() as u64, self.used_this_month)
    }
}

impl PlanLine {
    #[must_use]
    pub fn item_to_send(&self) -> Option<&Item> {
        match &self.verdict {
            LineVerdict::Send { item, .. } => Some(item),
            _ => None,
        }
    }
}

fn verdict(line: &str, distribution: &TargetDistribution<'_>) -> LineVerdict {
    match parse_line(line, distribution) {
        Ok(parsed) => {
            LineVerdict::Send { item: parsed.item, mendings: parsed.mendings, doubts: parsed.doubts }
        }
        Err(error) => LineVerdict::Refused(error),
    }
}

fn refuse_ungranted(lines: &mut [PlanLine], distribution: &Distribution, access: &Access) {
    if !access.is_narrowed() {
        return;
    }
    let allowed = access.describe(&distribution.id);
    for line in lines {
        if line.item_to_send().is_some_and(|item| !access.covers(&distribution.id, item)) {
            line.verdict = LineVerdict::Refused(ItemError::NotGranted(allowed.clone()));
        }
    }
}

fn drop_repeats(lines: &mut [PlanLine]) {
    let mut first: HashMap<String, usize> = HashMap::new();
    for line in lines {
        let LineVerdict::Send { item, .. } = &line.verdict else { continue };
        let earlier = *first.entry(item.identity()).or_insert(line.number);
        if earlier != line.number {
            line.verdict = LineVerdict::Dropped { item: item.clone(), why: Drop::Repeats(earlier) };
        }
    }
}

fn drop_covered(lines: &mut [PlanLine]) {
    let widest = widest_prefixes(lines);
    for line in lines {
        let LineVerdict::Send { item, .. } = &line.verdict else { continue };
        if let Some(wildcard) = covering(item, &widest) {
            line.verdict = LineVerdict::Dropped { item: item.clone(), why: Drop::CoveredBy(wildcard) };
        }
    }
}

/// The prefixes of all wildcards, without those that another wildcard covers.
fn widest_prefixes(lines: &[PlanLine]) -> BTreeSet<String> {
    let mut prefixes: Vec<&str> = lines.iter().filter_map(|line| line.item_to_send()?.prefix()).collect();
    prefixes.sort_unstable();
    let mut widest: Vec<&str> = Vec::new();
    for prefix in prefixes {
        if !widest.last().is_some_and(|wider| prefix.starts_with(wider)) {
            widest.push(prefix);
        }
    }
    widest.into_iter().map(str::to_owned).collect()
}

/// Another wildcard that covers this item.
///
/// No prefix in the set begins with another, so only the last one that is not greater than the item can cover it.
fn covering(item: &Item, widest: &BTreeSet<String>) -> Option<Item> {
    if item.is_tag() {
        // Only `/*` covers a tag, because objects with the tag can have any path.
        return widest.contains("/").then(|| Item::of_checked("/*"));
    }
    let reach = item.prefix().unwrap_or(item.as_str());
    let wider = widest.range::<str, _>((Unbounded, Included(reach))).next_back()?;
    let is_itself = item.prefix() == Some(wider.as_str());
    (!is_itself && reach.starts_with(wider.as_str())).then(|| Item::of_checked(format!("{wider}*")))
}

fn warnings(items: &[Item], distribution: &Distribution) -> Vec<String> {
    let mut warnings = Vec::new();
    warnings.extend(distribution.readiness().warning().map(str::to_owned));
    if distribution.staging {
        warnings.push("This is a staging distribution: it has a cache of its own, and viewers of the primary one see no change.".to_owned());
    }
    warnings.extend(root_object_warning(items, distribution));
    warnings
}

/// `/` and the root object are two objects in the cache (developer guide). Invalidating one keeps the other.
fn root_object_warning(items: &[Item], distribution: &Distribution) -> Option<String> {
    let root = distribution.config.as_ref()?.root_object.as_ref()?;
    let named = format!("/{root}");
    let has = |path: &str| items.iter().any(|item| item.as_str() == path);
    match (has("/"), has(&named)) {
        (true, false) => Some(format!("CloudFront caches / and {named} apart. Add {named} to refresh both.")),
        (false, true) => Some(format!("CloudFront caches {named} and / apart. Add / to refresh both.")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distributions::distribution::{DistributionConfig, tests::sample};

    const AROUND: Surroundings = Surroundings {
        used_this_month: 612,
        in_flight: Load { paths: 0, wildcards: 0 },
        limits: batching::OURS,
        quotas: Quotas { daily_items: None },
        spent: QuotaUsage { items: 20_000, since: None },
    };

    fn plan(typed: &str) -> Plan {
        Plan::work_out(typed, &sample(), AROUND)
    }

    fn sent(plan: &Plan) -> Vec<&str> {
        plan.items.iter().map(Item::as_str).collect()
    }

    #[test]
    fn the_example_of_the_design() {
        let plan =
            plan("https://www.example.com/styles.css\n/images/*\n\n/images/hero.png\n#product:electronics");
        assert_eq!(sent(&plan), ["#product:electronics", "/images/*", "/styles.css"]);
        assert_eq!(plan.billable(), 3);
        assert_eq!(plan.cost().to_string(), "$0.00");
        assert_eq!(plan.lines[2].number, 4);
        let why = Drop::CoveredBy(Item::from_trusted("/images/*"));
        let item = Item::from_trusted("/images/hero.png");
        assert_eq!(plan.lines[2].verdict, LineVerdict::Dropped { item, why });
        assert!(plan.is_sendable());
    }

    #[test]
    fn repeats_are_dropped_and_name_the_first() {
        let plan = plan("/a\na\n#Tag\n#tag\n/A");
        assert_eq!(sent(&plan), ["#Tag", "/A", "/a"]);
        let repeats =
            |line: &PlanLine| matches!(line.verdict, LineVerdict::Dropped { why: Drop::Repeats(_), .. });
        assert_eq!(plan.lines.iter().filter(|line| repeats(line)).count(), 2);
    }

    #[test]
    fn everything_covers_all_else() {
        assert_eq!(sent(&plan("/a*\n#tag\n/*\n/b")), ["/*"]);
    }

    #[test]
    fn a_wildcard_covers_what_begins_with_it_and_no_more() {
        assert_eq!(sent(&plan("/doc*\n/docs/a\n/do")), ["/do", "/doc*"]);
        assert_eq!(sent(&plan("/docs/*\n/docs-old/a\n/docs")), ["/docs", "/docs-old/a", "/docs/*"]);
        assert_eq!(sent(&plan("/a/*\n/a/b*\n/a*")), ["/a*"]);
    }

    #[test]
    fn one_refused_line_holds_back_the_whole_request() {
        let plan = plan("/a\n/b*c");
        assert!(!plan.is_sendable());
        assert_eq!(plan.refused().map(|(line, _)| line.number).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn a_line_outside_the_grants_is_refused_and_covers_nothing() {
        use crate::access::{Granted, Scope, grant::parse_grant_scope};
        let scope = parse_grant_scope("/docs/", None, false).unwrap();
        let granted = Granted { distributions: [sample().id].into(), scope };
        let access = Access::new(Role::Operator, Scope::Only(vec![granted]));
        let (distribution, hosts) = (sample(), HostTable::default());
        let plan = Plan::within(
            "/docs/a\n/*\n/docs*",
            &TargetDistribution::new(&distribution, &hosts),
            AROUND,
            &access,
        );
        assert_eq!(plan.refused().map(|(line, _)| line.number).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(sent(&plan), ["/docs/a"], "what is refused covers nothing");
        assert!(!plan.is_sendable());
    }

    #[test]
    fn too_many_lines_are_counted_and_not_sent() {
        let plan = plan(&"/a\n".repeat(LINES_MAX + 1));
        assert_eq!(plan.too_many_lines, Some(LINES_MAX + 1));
        assert!(!plan.is_sendable());
    }

    #[test]
    fn what_would_be_refused_as_too_much_is_said_before() {
        let around = Surroundings { quotas: Quotas { daily_items: Some(20_001) }, ..AROUND };
        let warnings = |typed: &str| Plan::work_out(typed, &sample(), around).warnings;
        assert_eq!(warnings("/a").len(), 0);
        let warnings = warnings("/a\n/b");
        assert!(
            warnings[0].starts_with("It would be refused: one person or token may request 20001"),
            "{warnings:?}"
        );
    }

    #[test]
    fn a_multi_tenant_distribution_takes_nothing() {
        let distribution = Distribution { tenant_only: true, ..sample() };
        let plan = Plan::work_out("/a", &distribution, AROUND);
        assert!(!plan.is_sendable());
        assert!(plan.refusal.is_some_and(|why| why.contains("tenants")));
        assert_eq!(plan.warnings, [plan.refusal.unwrap()]);
    }

    #[test]
    fn nothing_typed_is_not_sendable() {
        assert!(!plan("\n  \n").is_sendable());
    }

    #[test]
    fn the_root_object_has_two_names() {
        let mut distribution = sample();
        let root_object = Some("index.html".to_owned());
        distribution.config = Some(DistributionConfig { root_object, ..DistributionConfig::default() });
        let warned = |typed: &str| Plan::work_out(typed, &distribution, AROUND).warnings.len();
        assert_eq!(warned("/"), 1);
        assert_eq!(warned("/index.html"), 1);
        assert_eq!(warned("/\n/index.html"), 0);
        assert_eq!(warned("/*"), 0);
    }

    proptest::proptest! {
        #[test]
        fn what_is_dropped_is_covered_by_what_is_sent(
            typed in proptest::collection::vec("/[ab]{0,3}(/[ab]{0,2})?\\*?", 1..30)
        ) {
            let plan = plan(&typed.join("\n"));
            for line in &plan.lines {
                let LineVerdict::Dropped { item, .. } = &line.verdict else { continue };
                let reached = |sent: &Item| sent == item
                    || sent.prefix().is_some_and(|p| item.prefix().unwrap_or(item.as_str()).starts_with(p));
                proptest::prop_assert!(plan.items.iter().any(reached), "{item:?} in {plan:?}");
            }
        }
    }
}
