//! Groups, grants and tags of distributions, and what they make of a role.

use unstale::{
    domain::{
        access::{
            Access, Granted, Role, Scope, ScopeKind,
            grant::{Grant, GrantPlace, Subject, SubjectKind, parse_grant_scope, parse_place},
            grant_scope::GrantScope,
        },
        actor::{Acting, Actor},
        audit::{Action, Event, search::AuditQuery, visibility::Visibility},
        id::{GrantId, PersonId, TokenId},
        invalidations::item::Item,
        secret::Secret,
        sign_in::{person::Person, session::SessionLimits},
        tokens::token::Token,
    },
    store::{
        StoreError,
        access::{self, grants, groups, local_groups},
        audit,
        distributions::distribution_tags,
        invalidations,
        sign_in::{people, sessions},
    },
};

use super::given::{self, distributions, id, request};
use crate::support::{Database, at, on_each_engine, person, seconds, uuid};

pub fn grant(subject: &str, place: GrantPlace, paths: &str) -> Grant {
    Grant {
        id: GrantId::from_trusted(uuid()),
        subject: Subject::parse(subject).unwrap(),
        place,
        scope: parse_grant_scope(paths, None, false).unwrap(),
    }
}

pub fn at_site(distribution: &str) -> GrantPlace {
    GrantPlace::Distribution(id(distribution))
}

async fn somebody(database: &Database, role: Role) -> Person {
    let somebody = person(&format!("{}@example.com", uuid()), role);
    database.write(async |tx| people::insert(tx, &somebody, "hash").await).await;
    somebody
}

async fn access_of(database: &Database, person: &PersonId) -> Option<Access> {
    database.get(async |conn| access::of_person(conn, person).await).await
}

fn covers(access: &Access, distribution: &str, item: &str) -> bool {
    access.covers(&id(distribution), &Item::from_trusted(item))
}

async fn a_session_may_what_its_person_may(database: &Database) {
    distributions(database, &["E1"]).await;
    let ada = somebody(database, Role::Operator).await;
    let hash = Secret::from_random([1; 32]).hash();
    given::session(database, &ada, &hash).await;
    let narrowed = async || {
        let limits = SessionLimits { idle: seconds(1_000), life: seconds(1_000) };
        let of_session = database
            .get(async |conn| {
                let session = sessions::find(conn, &hash, at(1), limits).await?.unwrap();
                access::of_session(conn, &session).await
            })
            .await;
        assert_eq!(Some(&of_session), access_of(database, &ada.id).await.as_ref());
        of_session.is_narrowed()
    };
    assert!(!narrowed().await);
    for (subject, is_hers) in
        [("group:other", false), ("group:team", true), (&format!("person:{}", ada.id), true)]
    {
        let one = grant(subject, at_site("E1"), "/");
        database
            .write(async |tx| {
                grants::insert(tx, &one, at(0)).await?;
                groups::replace_provided(tx, &ada.id, &["team".to_owned()]).await
            })
            .await;
        assert_eq!(narrowed().await, is_hers, "{subject}");
        database.write(async |tx| grants::delete(tx, &one.id).await).await;
        assert_eq!(narrowed().await, is_hers, "{subject}: a grant that goes lets nobody do more");
        database.write(async |tx| people::set_scope(tx, &ada.id, ScopeKind::Everything).await).await;
        assert!(!narrowed().await, "an administrator says so");
    }
}

/// Every way in which a grant stops to hold, and nobody may do more by it.
async fn what_narrowed_somebody_once_never_widens_by_going(database: &Database) {
    distributions(database, &["E1", "E2"]).await;
    for way in ["the grant", "the group's grant", "the member", "the group", "the provider"] {
        let ada = somebody(database, Role::Operator).await;
        let team = uuid();
        let subject = if way == "the grant" { format!("person:{}", ada.id) } else { format!("group:{team}") };
        let one = grant(&subject, at_site("E1"), "/");
        database
            .write(async |tx| {
                local_groups::insert(tx, &team, at(0)).await?;
                // Membership before the grant and after it, the orders in which two administrators may act.
                if way == "the member" {
                    grants::insert(tx, &one, at(0)).await?;
                }
                local_groups::add_member(tx, &team, &ada.id).await?;
                if way == "the provider" {
                    groups::replace_provided(tx, &ada.id, std::slice::from_ref(&team)).await?;
                }
                if way != "the member" {
                    grants::insert(tx, &one, at(0)).await?;
                }
                Ok(())
            })
            .await;
        let before = access_of(database, &ada.id).await.unwrap();
        assert!(before.sees(&id("E1")) && !before.sees(&id("E2")), "{way}");
        database
            .write(async |tx| {
                match way {
                    "the grant" | "the group's grant" => drop(grants::delete(tx, &one.id).await?),
                    "the member" => drop(local_groups::remove_member(tx, &team, &ada.id).await?),
                    "the group" => drop(local_groups::delete(tx, &team).await?),
                    _ => {
                        local_groups::remove_member(tx, &team, &ada.id).await?;
                        groups::replace_provided(tx, &ada.id, &[]).await?;
                    }
                }
                Ok(())
            })
            .await;
        let after = access_of(database, &ada.id).await.unwrap();
        assert!(!after.sees(&id("E1")) && !after.sees(&id("E2")), "{way}: {after:?}");
    }
}

async fn grants_of_a_person_and_their_groups_add_up(database: &Database) {
    distributions(database, &["E1", "E2", "E3"]).await;
    let ada = somebody(database, Role::Operator).await;
    let whole = access_of(database, &ada.id).await.unwrap();
    assert!(!whole.is_narrowed() && covers(&whole, "E1", "/*"));
    assert_eq!(whole.behind, ada.id.as_str());
    let own = grant(&format!("person:{}", ada.id), at_site("E1"), "/docs/");
    let team = grant("group:team", at_site("E2"), "/");
    let other = grant("group:other", at_site("E3"), "/");
    database
        .write(async |tx| {
            for one in [&own, &team, &other] {
                grants::insert(tx, one, at(0)).await?;
            }
            local_groups::insert(tx, "team", at(0)).await?;
            local_groups::add_member(tx, "team", &ada.id).await
        })
        .await;
    let now = access_of(database, &ada.id).await.unwrap();
    assert!(covers(&now, "E1", "/docs/a") && !covers(&now, "E1", "/a"));
    assert!(covers(&now, "E2", "/a") && !covers(&now, "E2", "/*"));
    assert!(!now.sees(&id("E3")), "another group's grant");
    assert_eq!(database.get(async |conn| grants::list(conn, 9).await).await.len(), 3);
    assert_eq!(database.get(async |conn| grants::list(conn, 2).await).await.len(), 2);
    let of_person = database.get(async |conn| grants::of_person(conn, &ada.id).await).await;
    assert_eq!(of_person, [own.clone(), team]);
    let kind = SubjectKind::Person;
    let of_ada = database.get(async |conn| grants::of_subject(conn, kind, ada.id.as_str()).await).await;
    assert_eq!(of_ada, std::slice::from_ref(&own));
    assert_eq!(database.get(async |conn| grants::count_of(conn, &own.subject).await).await, 1);
    assert_eq!(database.get(async |conn| grants::find(conn, &own.id).await).await, Some(own.clone()));
    assert!(database.write(async |tx| grants::delete(tx, &own.id).await).await);
    assert!(!database.write(async |tx| grants::delete(tx, &own.id).await).await);
    assert!(!access_of(database, &ada.id).await.unwrap().sees(&id("E1")), "it counts at once");
}

async fn nobody_who_is_gone_may_anything(database: &Database) {
    let ada = somebody(database, Role::Admin).await;
    assert_eq!(access_of(database, &ada.id).await.unwrap().role, Role::Admin);
    database.raw().await.run("UPDATE person SET disabled_at = 1").await.unwrap();
    assert_eq!(access_of(database, &ada.id).await, None);
    assert_eq!(access_of(database, &PersonId::from_trusted("nobody")).await, None);
}

async fn a_grant_by_tag_follows_the_tags(database: &Database) {
    distributions(database, &["E1", "E2"]).await;
    let maker = Person { id: PersonId::from_trusted("maker"), ..person("maker@example.com", Role::Admin) };
    database.write(async |tx| people::insert(tx, &maker, "").await).await;
    let by_value = grant("token:t1", parse_place("", "team=docs").unwrap(), "/");
    database.write(async |tx| grants::insert(tx, &by_value, at(0)).await).await;
    let made = Token {
        scope: ScopeKind::Everything,
        id: TokenId::from_trusted("t1"),
        name: "t1".to_owned(),
        shown: String::new(),
        role: Role::Operator,
        made_by: "maker".to_owned(),
        made_by_name: String::new(),
        created_at: at(0),
        expires_at: None,
        last_used_at: None,
        revoked_at: None,
        has_grants: true,
    };
    let token = async || database.get(async |conn| access::of_token(conn, &made).await).await.unwrap();
    assert!(token().await.is_narrowed() && !token().await.sees(&id("E1")), "unknown tags cover nothing");
    assert_eq!(token().await.behind, "maker");
    let tags = async |distribution: &str, tags: Option<&[(&str, &str)]>| {
        let tags: Option<Vec<(String, String)>> =
            tags.map(|tags| tags.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect());
        let write = async |tx: &mut unstale::store::Tx| {
            distribution_tags::replace(tx, &id(distribution), tags.as_deref(), at(1), at(100)).await
        };
        database.write(write).await;
    };
    let of = async |distribution: &str| {
        database.get(async |conn| distribution_tags::of(conn, &id(distribution)).await).await
    };
    assert_eq!(of("E1").await, None, "not read yet");
    tags("E1", Some(&[("team", "docs"), ("stage", "live")])).await;
    tags("E2", Some(&[("team", "shop")])).await;
    assert!(token().await.sees(&id("E1")) && !token().await.sees(&id("E2")));
    assert_eq!(of("E1").await.unwrap().len(), 2);
    let by_key = grant("token:t1", parse_place("", "team").unwrap(), "/");
    database.write(async |tx| grants::insert(tx, &by_key, at(0)).await).await;
    assert!(token().await.sees(&id("E2")));
    tags("E2", Some(&[])).await;
    assert!(!token().await.sees(&id("E2")));
    assert_eq!(of("E2").await, Some(Vec::new()), "none is not unknown");
    tags("E1", None).await;
    assert!(!token().await.sees(&id("E1")));
    assert_eq!(of("E1").await, None);
}

async fn tags_are_due_in_turn(database: &Database) {
    distributions(database, &["E1", "E2"]).await;
    let due = async |now| database.get(async |conn| distribution_tags::due(conn, now).await).await;
    let (first, arn) = due(at(0)).await.unwrap();
    assert_eq!((first.as_str(), arn.as_str()), ("E1", "arn:aws:cloudfront::123456789012:distribution/E1"));
    database.write(async |tx| distribution_tags::put_off(tx, &first, at(50)).await).await;
    assert_eq!(due(at(0)).await.unwrap().0, id("E2"));
    database.write(async |tx| distribution_tags::put_off(tx, &id("E2"), at(60)).await).await;
    assert_eq!(due(at(49)).await, None);
    assert_eq!(due(at(50)).await.unwrap().0, id("E1"));
}

async fn groups_have_members(database: &Database) {
    let ada = somebody(database, Role::Viewer).await;
    database.write(async |tx| local_groups::insert(tx, "docs", at(0)).await).await;
    let again = database.try_write(async |tx| local_groups::insert(tx, "docs", at(0)).await).await;
    assert!(matches!(again, Err(StoreError::Duplicate(_))), "{again:?}");
    let exists = async |name: &str| database.get(async |conn| local_groups::exists(conn, name).await).await;
    assert!(exists("docs").await && !exists("Docs").await);
    let add = async || database.write(async |tx| local_groups::add_member(tx, "docs", &ada.id).await).await;
    assert!(add().await);
    assert!(!add().await, "they are in it");
    let provided = format!(
        "INSERT INTO person_group (person_id, group_name, source) VALUES ('{}', 'from idp', 'provider')",
        ada.id
    );
    database.raw().await.run(&provided).await.unwrap();
    assert_eq!(database.get(async |conn| local_groups::list(conn, 9).await).await, ["docs"]);
    assert_eq!(database.get(async |conn| local_groups::provided(conn, 9).await).await, ["from idp"]);
    let groups = async || database.get(async |conn| local_groups::of_person(conn, &ada.id).await).await;
    assert_eq!(groups().await, ["docs", "from idp"]);
    let members = database.get(async |conn| local_groups::members(conn, 9).await).await;
    assert_eq!(members.len(), 2);
    assert_eq!((members[0].email.as_str(), members[0].source.as_str()), (ada.email.as_str(), "local"));
    let remove = async |name: &str| {
        database.write(async |tx| local_groups::remove_member(tx, name, &ada.id).await).await
    };
    assert!(!remove("from idp").await, "the provider says that");
    assert!(remove("docs").await && !remove("docs").await);
    add().await;
    assert!(database.write(async |tx| local_groups::delete(tx, "docs").await).await);
    assert!(!database.write(async |tx| local_groups::delete(tx, "docs").await).await);
    assert_eq!(groups().await, ["from idp"]);
}

async fn lists_and_history_show_only_what_may_be_seen(database: &Database) {
    distributions(database, &["E1", "E2"]).await;
    let ada = Actor::person(&PersonId::from_trusted("ada"), "ada@example.com");
    let eve = Actor::person(&PersonId::from_trusted("eve"), "eve@example.com");
    for (second, distribution) in ["E1", "E2", "E1", "E2"].into_iter().enumerate() {
        request(database, distribution, second as u64, &[&["/a"]]).await;
    }
    for (actor, distribution) in
        [(&ada, Some("E1")), (&eve, Some("E2")), (&ada, Some("E2")), (&ada, None), (&eve, None)]
    {
        let acting = Acting { actor: actor.clone(), ..Acting::service() };
        let mut event = Event::new(at(0), &acting, Action::ActRefused);
        event.distribution = distribution.map(id);
        database.append(event.clone()).await;
    }
    let only = Granted { distributions: [id("E1")].into(), scope: GrantScope::whole() };
    let narrowed = Access::new(Role::Operator, Scope::Only(vec![only]));
    let seen = async |access: &Access, limit| {
        let query = AuditQuery { visibility: Visibility::of(&ada, access), ..AuditQuery::default() };
        let found = database.get(async |conn| audit::search(conn, &query, limit).await).await;
        found.events.into_iter().map(|event| event.sequence).collect::<Vec<_>>()
    };
    assert_eq!(seen(&Access::whole(Role::Viewer), 9).await, [5, 4, 3, 2, 1]);
    assert_eq!(seen(&narrowed, 9).await, [4, 1], "their distributions, and what they did themselves");
    assert_eq!(seen(&narrowed, 1).await, [4], "a page is full");
    assert_eq!(seen(&Access::nothing(), 9).await, [4], "what they did themselves");
    let recent = database.get(async |conn| invalidations::recent(conn, &narrowed, 2).await).await;
    assert_eq!(recent.iter().map(|one| one.distribution.as_str()).collect::<Vec<_>>(), ["E1", "E1"]);
    let active = database.get(async |conn| invalidations::active(conn, &narrowed, 9).await).await;
    assert_eq!(active.len(), 2);
}

on_each_engine!(
    a_session_may_what_its_person_may,
    what_narrowed_somebody_once_never_widens_by_going,
    grants_of_a_person_and_their_groups_add_up,
    nobody_who_is_gone_may_anything,
    a_grant_by_tag_follows_the_tags,
    tags_are_due_in_turn,
    groups_have_members,
    lists_and_history_show_only_what_may_be_seen,
);
