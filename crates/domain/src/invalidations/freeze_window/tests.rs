//! What is read of a window, what meets it, and what passes it.

use super::*;

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn id(number: u128) -> FreezeId {
    FreezeId::new(uuid::Uuid::from_u128(number))
}

fn now() -> Timestamp {
    at("2026-11-23T10:00:00Z")
}

fn typed() -> TypedFreeze {
    TypedFreeze {
        name: " Black Friday ".to_owned(),
        why: "the sale".to_owned(),
        from: "2026-11-27T00:00".to_owned(),
        until: "2026-11-30T01:00:00+01:00".to_owned(),
        distributions: Vec::new(),
    }
}

fn window(number: u128, name: &str, scope: FreezeScope) -> FreezeWindow {
    FreezeWindow { name: name.to_owned(), scope, ..typed().read(id(number), now()).unwrap() }
}

fn items(texts: &[&str]) -> Vec<Item> {
    texts.iter().map(|text| Item::from_trusted(*text)).collect()
}

fn site(id: &str) -> Protection {
    Protection { wide_above: Some(2), ..Protection::none(DistributionId::from_trusted(id)) }
}

#[test]
fn a_time_without_an_offset_is_in_utc() {
    let window = typed().read(id(1), now()).unwrap();
    assert_eq!(window.span(), "2026-11-27 00:00 to 2026-11-30 00:00 UTC");
    assert_eq!((window.name.as_str(), window.scope), ("Black Friday", FreezeScope::All));
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let wrong = |change: &dyn Fn(&mut TypedFreeze)| {
        let mut typed = typed();
        change(&mut typed);
        typed.read(id(1), now()).unwrap_err().0
    };
    assert_eq!(
        TypedFreeze::default().read(id(1), now()).unwrap_err().0,
        [FreezeError::Name, FreezeError::Why, FreezeError::From, FreezeError::Until]
    );
    assert_eq!(wrong(&|typed| typed.name = "x".repeat(NAME_MAX + 1)), [FreezeError::Name]);
    assert_eq!(wrong(&|typed| typed.why = "a\nb".to_owned()), [FreezeError::Why]);
    assert_eq!(wrong(&|typed| typed.until.clone_from(&typed.from)), [FreezeError::EndsFirst]);
    assert_eq!(wrong(&|typed| typed.until = "2029-01-01T00:00Z".to_owned()), [FreezeError::TooFar]);
    let past = |typed: &mut TypedFreeze| {
        (typed.from, typed.until) = ("2026-11-01T00:00Z".to_owned(), "2026-11-23T10:00:00Z".to_owned());
    };
    assert_eq!(wrong(&past), [FreezeError::Over]);
    for ids in [vec!["E1/..".to_owned()], vec![String::new()]] {
        assert_eq!(wrong(&|typed| typed.distributions.clone_from(&ids)), [FreezeError::Distributions]);
    }
    let many = (0..=DISTRIBUTIONS_MAX).map(|n| format!("E{n}")).collect::<Vec<_>>();
    assert_eq!(wrong(&|typed| typed.distributions.clone_from(&many)), [FreezeError::Distributions]);
}

#[test]
fn only_a_wide_request_meets_a_window_and_only_while_it_is_in_force() {
    let black = || vec![window(1, "Black Friday", FreezeScope::All)];
    let met = |typed: &[&str], at: Timestamp| met_by(black(), &items(typed), &site("E1"), at);
    let (first, last) = (at("2026-11-27T00:00:00Z"), at("2026-11-29T23:59:59Z"));
    for wide in [["/*"].as_slice(), &["/a", "/b", "/c"]] {
        assert!(met(wide, first).is_some() && met(wide, last).is_some(), "{wide:?}");
        assert!(met(wide, first.minus(Duration::from_micros(1))).is_none(), "{wide:?}");
        assert!(met(wide, at("2026-11-30T00:00:00Z")).is_none(), "{wide:?}");
    }
    assert!(met(&["/a", "/b*"], first).is_none());
}

#[test]
fn a_window_holds_on_the_distributions_that_it_names() {
    let only = FreezeScope::Only(vec![DistributionId::from_trusted("E1")]);
    let windows = || vec![window(1, "Sale", only.clone()), window(2, "Incident", FreezeScope::All)];
    let met = |site: &Protection| {
        met_by(windows(), &items(&["/*"]), site, at("2026-11-28T00:00:00Z")).unwrap().names()
    };
    assert_eq!(met(&site("E1")), "Sale and Incident");
    assert_eq!(met(&site("E2")), "Incident");
}

#[test]
fn a_window_is_passed_with_an_override_and_a_reason() {
    let met = MetFreezes::new(vec![window(1, "Sale", FreezeScope::All)]).unwrap();
    let lacks = |overrides, reason| met.lacks(FreezeAnswer { overrides, reason });
    assert_eq!(lacks(false, "why"), Some(LacksForFreeze::Override));
    assert_eq!(lacks(true, " "), Some(LacksForFreeze::Reason));
    assert_eq!(lacks(true, "why"), None);
    let refusal = |lacks| FreezeRefusal { met: met.clone(), lacks }.to_string();
    assert_eq!(
        refusal(LacksForFreeze::Override),
        "the freeze window Sale holds from 2026-11-27 00:00 to 2026-11-30 00:00 UTC (the sale): a wide request needs an override and a reason then"
    );
    assert!(refusal(LacksForFreeze::Reason).ends_with("(the sale): overriding it needs a reason"));
    assert_eq!(met.overridden(), "sent during the freeze window Sale, which the request overrode");
}

#[test]
fn what_was_overridden_before_is_not_met_again() {
    let mut met = MetFreezes::new(vec![window(1, "Sale", FreezeScope::All)]).unwrap();
    met.add(met.clone());
    met.add(MetFreezes::new(vec![window(2, "Incident", FreezeScope::All)]).unwrap());
    assert_eq!(met.ids(), [id(1), id(2)]);
    assert_eq!(met.clone().without(&[id(1)]).unwrap().names(), "Incident");
    assert_eq!(met.without(&[id(2), id(1)]), None);
}
