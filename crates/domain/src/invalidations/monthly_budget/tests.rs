//! What a budget says of a request.

use super::*;

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn usage(kind: BudgetKind, soft: Option<u64>, hard: Option<u64>, used: u64) -> BudgetUsage {
    let scope = BudgetScope { kind, id: "1".to_owned() };
    let budget = MonthlyBudget { scope, name: "1".to_owned(), soft_items: soft, hard_items: hard };
    BudgetUsage { budget, month: Month::of(at("2026-11-16T00:00:00Z")), used }
}

#[test]
fn what_is_left_may_be_sent_and_no_more() {
    let usage = usage(BudgetKind::Account, Some(50), Some(100), 45);
    assert_eq!(usage.passed_by(5), BudgetPassed::None);
    assert_eq!(usage.passed_by(6), BudgetPassed::Soft);
    assert_eq!(usage.passed_by(55), BudgetPassed::Soft);
    assert_eq!((usage.passed_by(56), usage.left()), (BudgetPassed::Hard, 55));
    assert_eq!((usage.refusal(55), usage.warning(5), usage.warning(56)), (None, None, None));
    assert_eq!(
        usage.refusal(56).unwrap(),
        "the hard budget of the AWS account 1 for November is 100 items: 45 used, 55 left; this request \
         needs 56; an administrator may raise or remove it"
    );
    assert_eq!(
        usage.warning(6).unwrap(),
        "This passes the soft budget of the AWS account 1 for November, 50 items: 45 used; this request \
         needs 6. It is sent anyway."
    );
    assert_eq!(usage.describe(), "45 of 100 items used in November, 55 left");
}

#[test]
fn a_budget_that_is_used_up_stops_nothing_that_needs_nothing() {
    let over = usage(BudgetKind::Person, None, Some(0), 7);
    assert_eq!(
        (over.passed_by(0), over.passed_by(1), over.left()),
        (BudgetPassed::None, BudgetPassed::Hard, 0)
    );
    assert_eq!(usage(BudgetKind::Group, Some(3), None, 1).passed_by(u64::MAX), BudgetPassed::Soft);
}

#[test]
fn distributions_of_one_account_share_its_budget() {
    let account = || usage(BudgetKind::Account, None, Some(10), 5);
    let mut needs = BudgetNeeds::default();
    needs.add(vec![usage(BudgetKind::Distribution, None, Some(10), 0), account()], 3);
    assert_eq!(needs.refusal(), None, "each part fits");
    needs.add(vec![account()], 3);
    let sums: Vec<_> = needs.needs.iter().map(|(usage, sum)| (usage.budget.scope.kind, *sum)).collect();
    assert_eq!(sums, [(BudgetKind::Account, 6), (BudgetKind::Distribution, 3)]);
    assert!(needs.refusal().unwrap().ends_with("needs 6; an administrator may raise or remove it"));
}

#[test]
fn a_request_that_is_put_off_counts_when_it_is_sent_and_for_whoever_made_it_when_it_is_made() {
    let months = CountedMonths::new(at("2026-11-30T23:00:00Z"), at("2026-12-01T00:00:00Z"));
    assert_eq!(months.of(BudgetKind::Account).start, at("2026-12-01T00:00:00Z"));
    assert_eq!(months.of(BudgetKind::Person).start, at("2026-11-01T00:00:00Z"));
    assert_eq!(months.of(BudgetKind::Person).end, at("2026-12-01T00:00:00Z"));
    let late = CountedMonths::new(at("2026-12-01T00:00:00Z"), at("2026-11-30T23:00:00Z"));
    assert_eq!(
        late.of(BudgetKind::Distribution).start,
        at("2026-12-01T00:00:00Z"),
        "what is overdue is sent now"
    );
}

#[test]
fn numbers_are_read_within_bounds() {
    assert_eq!(
        (parse_items(" "), parse_items("0"), parse_items(" 7 ")),
        (Ok(None), Ok(Some(0)), Ok(Some(7)))
    );
    for wrong in ["-1", "1.5", "x", "1000000001", "1e3"] {
        assert_eq!(parse_items(wrong), Err(BudgetError::Items), "{wrong}");
    }
    assert_eq!(check_items(Some(5), Some(5)), Ok(()));
    assert_eq!(check_items(Some(6), Some(5)), Err(BudgetError::SoftAboveHard));
    assert_eq!(check_items(None, Some(ITEMS_MAX + 1)), Err(BudgetError::Items));
    assert_eq!(describe_items(Some(5), Some(9)), "warns above 5 and refuses above 9 items a month");
    assert_eq!(describe_items(None, None), "no budget");
}

#[test]
fn a_kind_reads_back() {
    for kind in BudgetKind::ALL {
        assert_eq!(BudgetKind::parse(kind.as_str()), Some(kind));
    }
    assert_eq!(BudgetKind::parse("planet"), None);
}
