//! API tokens.

use unstale::{
    domain::{
        access::{
            Role, ScopeKind,
            grant::{Grant, GrantPlace, Subject},
            grant_scope::GrantScope,
        },
        id::{GrantId, TokenId},
        secret::SecretHash,
        tokens::token::Token,
    },
    store::{
        StoreError,
        access::{self, grants},
        sign_in::people,
        tokens,
    },
};

use super::given;
use crate::support::{Database, at, on_each_engine, person};

fn token(name: &str) -> Token {
    Token {
        id: TokenId::from_trusted(format!("id of {name}")),
        name: name.to_owned(),
        shown: "unstale_abcd…".to_owned(),
        scope: ScopeKind::Everything,
        role: Role::Operator,
        made_by: "p9".to_owned(),
        made_by_name: "ada@example.com".to_owned(),
        created_at: at(1),
        expires_at: Some(at(100)),
        last_used_at: None,
        revoked_at: None,
        has_grants: false,
    }
}

fn hash(name: &str) -> SecretHash {
    SecretHash::of(name.as_bytes())
}

pub(super) async fn keep(database: &Database, name: &str) -> Token {
    let token = token(name);
    database.write(async |tx| tokens::insert(tx, &token, &hash(name)).await).await;
    token
}

async fn a_token_is_found_by_its_secrets_hash_and_by_its_id(database: &Database) {
    let deploy = keep(database, "deploy").await;
    let find =
        async |name: &str| database.get(async |conn| tokens::find_by_hash(conn, &hash(name)).await).await;
    assert_eq!(find("deploy").await, Some(deploy.clone()));
    assert_eq!(find("guessed").await, None);
    assert_eq!(database.get(async |conn| tokens::find(conn, &deploy.id).await).await, Some(deploy));
}

async fn a_name_is_taken_once(database: &Database) {
    keep(database, "deploy").await;
    let again = Token { id: TokenId::from_trusted("another"), ..token("deploy") };
    let twice = database.try_write(async |tx| tokens::insert(tx, &again, &hash("other")).await).await;
    assert!(matches!(twice, Err(StoreError::Duplicate(_))), "{twice:?}");
}

async fn a_revoked_one_stays_in_the_list_behind_the_others(database: &Database) {
    let (first, second) = (keep(database, "a").await, keep(database, "b").await);
    let revoke = async |now| database.write(async |tx| tokens::revoke(tx, &first.id, at(now)).await).await;
    assert!(revoke(5).await);
    assert!(!revoke(6).await, "once is enough");
    database.write(async |tx| tokens::touch(tx, &second.id, at(7)).await).await;
    let list = database.get(async |conn| tokens::list(conn, 10).await).await;
    assert_eq!(
        list,
        [Token { last_used_at: Some(at(7)), ..second }, Token { revoked_at: Some(at(5)), ..first },]
    );
    assert_eq!(database.get(async |conn| tokens::list(conn, 1).await).await.len(), 1);
    assert!(!list[1].is_good(at(6)) && list[0].is_good(at(99)) && !list[0].is_good(at(100)));
}

async fn what_a_token_may_is_its_role_while_nothing_is_granted(database: &Database) {
    let deploy = Token { made_by: String::new(), ..keep(database, "deploy").await };
    let of = async |token: &Token| database.get(async |conn| access::of_token(conn, token).await).await;
    let may = of(&deploy).await.unwrap();
    assert_eq!((may.role, may.is_narrowed()), (Role::Operator, false));
    assert_eq!(of(&Token { revoked_at: Some(at(1)), ..deploy.clone() }).await, None);
    assert!(of(&Token { expires_at: Some(at(0)), ..deploy }).await.is_some(), "its end is another question");
}

async fn a_token_is_never_more_than_its_maker_may_now(database: &Database) {
    given::distributions(database, &["E1", "E2"]).await;
    let ada = person("ada@example.com", Role::Admin);
    database.write(async |tx| people::insert(tx, &ada, "").await).await;
    let token = Token { made_by: ada.id.to_string(), ..keep(database, "deploy").await };
    let may = async || database.get(async |conn| access::of_token(conn, &token).await).await;
    let asks = async || {
        let actor = token.actor();
        database.get(async |conn| access::of_requester(conn, &actor).await).await
    };
    assert_eq!(may().await.unwrap().role, Role::Operator);
    for role in [Role::Viewer, Role::Operator] {
        database.write(async |tx| people::set_role(tx, &ada.id, role).await).await;
        assert_eq!(may().await.unwrap().role, role);
    }
    let narrow = Grant {
        id: GrantId::from_trusted("g1"),
        subject: Subject::parse(&format!("person:{}", ada.id)).unwrap(),
        place: GrantPlace::Distribution(given::id("E1")),
        scope: GrantScope::whole(),
    };
    database.write(async |tx| grants::insert(tx, &narrow, at(0)).await).await;
    let narrowed = may().await.unwrap();
    assert!(narrowed.sees(&given::id("E1")) && !narrowed.sees(&given::id("E2")));
    let mut raw = database.raw().await;
    raw.run("UPDATE api_token SET made_by = ''").await.unwrap();
    assert!(!asks().await.is_narrowed(), "nobody is behind one of the command line");
    let made = format!("UPDATE api_token SET made_by = '{}'", ada.id);
    raw.run(&made).await.unwrap();
    assert!(asks().await.is_narrowed());
    let made_by = database.get(async |conn| tokens::made_by(conn, &ada.id).await).await;
    assert_eq!(made_by, std::slice::from_ref(&token));
    database.write(async |tx| people::set_disabled(tx, &ada.id, Some(at(1))).await).await;
    assert_eq!(may().await, None);
    assert!(!asks().await.may_request(&given::id("E1"), &[]));
}

on_each_engine!(
    a_token_is_found_by_its_secrets_hash_and_by_its_id,
    a_name_is_taken_once,
    a_revoked_one_stays_in_the_list_behind_the_others,
    what_a_token_may_is_its_role_while_nothing_is_granted,
    a_token_is_never_more_than_its_maker_may_now,
);
