//! People and how they sign in, access, tokens, distributions, and what there is one row of.

use std::time::Duration;

use unstale::{
    domain::{
        access::{
            Role, ScopeKind,
            grant::{Subject, SubjectKind},
        },
        id::{ChannelId, CheckRunId, GrantId, InvalidationId, PersonId, TokenId},
        notifications::RuleScopeKind,
        secret::SecretHash,
        sign_in::{person::Email, session::SessionLimits},
    },
    store::{
        Tx, access,
        access::{grants, groups, local_groups},
        accounts, checks,
        checks::{changes, check_up, settings, warming},
        distributions,
        distributions::{
            cache_policies, continuous_deployments, distribution_tags,
            optional_readings::{self, OptionalReading},
            path_mappings, protections, survey, traffic,
        },
        notifications::{self, channels, messages, scopes},
        page_status, probes,
        sign_in::{
            authentication_methods, identities, password_links, pending_second_factors,
            people::{self, PeopleColumn},
            second_steps, sessions,
        },
        tables, tokens,
    },
};

use super::{super::given::id, Measured, measure};
use crate::support::{START as NOW, actor};

fn hash(text: &str) -> SecretHash {
    SecretHash::from_trusted(text.to_owned())
}

pub async fn measure_others(tx: &mut Tx) -> Measured {
    let mut measured = Measured::new();
    measure_sign_in(tx, &mut measured).await;
    measure_access(tx, &mut measured).await;
    measure_checks(tx, &mut measured).await;
    measure_notifications(tx, &mut measured).await;
    let one = id("E1");
    measure!(
        measured,
        tx,
        |conn| accounts::paused(conn),
        distributions::list(conn),
        distributions::find(conn, &one),
        distributions::some(conn, &[&one]),
        distributions::without_config(conn, 20),
        distributions::account_listed(conn),
        distributions::outside_due(conn, NOW),
        distributions::is_tenant_only(conn, &one),
        distributions::account(conn, &one),
        cache_policies::wanted(conn),
        continuous_deployments::wanted(conn),
        continuous_deployments::find(conn, &one),
        continuous_deployments::pairs_of(conn, &[&one]),
        distribution_tags::of(conn, &one),
        distribution_tags::due(conn, NOW),
        path_mappings::of(conn, &one),
        path_mappings::of_some(conn, &[&one]),
        protections::find(conn, &one),
        protections::list(conn),
        optional_readings::read(conn, OptionalReading::Traffic),
        traffic::measurable(conn, 100),
        survey::read(conn),
        page_status::read(conn),
        tables::standing(conn),
    );
    measured
}

async fn measure_checks(tx: &mut Tx, measured: &mut Measured) {
    let (run, invalidation) = (CheckRunId::from_trusted("c100"), InvalidationId::from_trusted("i100"));
    let (often, rare) = (id("E1"), id("E5"));
    let probe = TokenId::from_trusted("v1");
    let found = checks::find(tx, &run).await.unwrap().unwrap();
    measure!(
        measured,
        tx,
        |conn| checks::cursor(conn),
        checks::news(conn, 100, 50),
        checks::unread(conn, &[&invalidation]),
        checks::find(conn, &run),
        checks::of_invalidation(conn, &invalidation),
        checks::of_distribution(conn, &often),
        checks::of_distribution(conn, &rare),
        checks::freshness_of(conn, &[&invalidation]),
        checks::known_urls(conn, &often, 20),
        checks::known_urls(conn, &rare, 20),
        checks::earlier_looks(conn, &found, 20),
        checks::next_due(conn),
        checks::open_runs(conn, 500),
        checks::expired(conn, NOW, 20),
        checks::due_runs(conn, NOW, 16),
        checks::rounds_for_probe(conn, &probe, NOW.minus(Duration::from_mins(5)), 20),
        checks::round_of_run(conn, &probe, &run),
        checks::round_began(conn, &run),
        checks::unjudged_runs(conn, 16),
        checks::vantage_checks(conn, &run),
        checks::location_checks(conn, &run),
        probes::find(conn, &probe),
        probes::find_by_hash(conn, &hash("v100")),
        probes::list(conn, 50),
        settings::find(conn, &often),
        changes::find(conn, &often),
        changes::find(conn, &rare),
        changes::due(conn, NOW, 2),
        changes::next_due(conn, NOW),
        check_up::find(conn, &often),
        check_up::due(conn, NOW, 2),
        warming::find(conn, &invalidation),
        warming::urls(conn, &invalidation),
        warming::due(conn, NOW, 4),
        warming::next_due(conn),
    );
}

async fn measure_sign_in(tx: &mut Tx, measured: &mut Measured) {
    let person = PersonId::from_trusted("p100");
    let email = Email::parse("p100@example.com").unwrap();
    let limits = SessionLimits::default();
    measure!(
        measured,
        tx,
        |conn| authentication_methods::read(conn),
        identities::find(conn, "issuer", "u100"),
        identities::of_person(conn, &person),
        password_links::find(conn, &hash("l100"), NOW),
        pending_second_factors::find(conn, &hash("h100"), NOW),
        people::list(conn),
        people::page(conn, "", (PeopleColumn::Email, false), (0, 50)),
        people::page(conn, "p10", (PeopleColumn::Since, true), (0, 50)),
        people::count(conn, "p10"),
        people::find(conn, &email),
        people::find_by_id(conn, &person),
        people::with_password(conn),
        password_links::invited(conn, NOW),
        people::is_empty(conn),
        people::set_up_link_is_good(conn, &hash("none"), NOW),
        second_steps::find(conn, &person),
        second_steps::people(conn),
        second_steps::codes_left(conn, &person),
        sessions::find(conn, &hash("s100"), NOW, limits),
        sessions::is_there(conn, &person, "s100"),
        sessions::of_person(conn, &person, NOW, limits),
    );
}

async fn measure_access(tx: &mut Tx, measured: &mut Measured) {
    let person = PersonId::from_trusted("p100");
    let subject = Subject { kind: SubjectKind::Person, id: "p100".to_owned() };
    let session = sessions::find(tx, &hash("s100"), NOW, SessionLimits::default()).await.unwrap().unwrap();
    let token = tokens::find(tx, &TokenId::from_trusted("t100")).await.unwrap().unwrap();
    assert_eq!((token.role, token.scope), (Role::Viewer, ScopeKind::Everything));
    measure!(
        measured,
        tx,
        |conn| access::of_person(conn, &person),
        access::of_session(conn, &session),
        access::of_token(conn, &token),
        access::of_requester(conn, &actor()),
        grants::find(conn, &GrantId::from_trusted("a100")),
        grants::list(conn, 50),
        grants::count_of(conn, &subject),
        grants::of_subject(conn, SubjectKind::Person, "p100"),
        grants::of_person(conn, &person),
        groups::of_person(conn, &person),
        groups::provided(conn, &person),
        local_groups::list(conn, 50),
        local_groups::exists(conn, "g100"),
        local_groups::provided(conn, 50),
        local_groups::members(conn, 50),
        local_groups::of_person(conn, &person),
        tokens::find(conn, &TokenId::from_trusted("t100")),
        tokens::find_by_hash(conn, &hash("t100")),
        tokens::list(conn, 50),
        tokens::made_by(conn, &PersonId::from_trusted("p1")),
    );
}

async fn measure_notifications(tx: &mut Tx, measured: &mut Measured) {
    let channel = ChannelId::from_trusted("c1");
    measure!(
        measured,
        tx,
        |conn| channels::list(conn),
        channels::find(conn, &channel),
        channels::list_with_counts(conn, 9),
        channels::total(conn),
        channels::secrets(conn, &channel),
        messages::newest(conn, &channel, 20),
        messages::counts(conn, &channel, 10),
        messages::waiting(conn, 10),
        notifications::due_channels(conn),
        notifications::progress(conn),
        scopes::find(conn, RuleScopeKind::Person, "p10@example.com"),
    );
}
