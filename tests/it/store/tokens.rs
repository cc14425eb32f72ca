//! API tokens.

use unstale::{
    domain::{access::Role, id::TokenId, secret::SecretHash, token::Token},
    store::{StoreError, access, tokens},
};

use crate::support::{Database, at, on_each_engine, person};

fn token(name: &str) -> Token {
    Token {
        id: TokenId::from_trusted(format!("id of {name}")),
        name: name.to_owned(),
        shown: "unstale_abcd…".to_owned(),
        role: Role::Operator,
        made_by: "p9".to_owned(),
        made_by_name: "ada@example.com".to_owned(),
        created_at: at(1),
        expires_at: Some(at(100)),
        last_used_at: None,
        revoked_at: None,
    }
}

fn hash(name: &str) -> SecretHash {
    SecretHash::of(name.as_bytes())
}

async fn keep(database: &Database, name: &str) -> Token {
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
    let deploy = keep(database, "deploy").await;
    let behind = person("ada@example.com", Role::Admin).id;
    let may = database
        .get(async |conn| access::of_token(conn, deploy.id.as_str(), deploy.role, &behind).await)
        .await;
    assert_eq!((may.role, may.is_narrowed()), (Role::Operator, false));
}

on_each_engine!(
    a_token_is_found_by_its_secrets_hash_and_by_its_id,
    a_name_is_taken_once,
    a_revoked_one_stays_in_the_list_behind_the_others,
    what_a_token_may_is_its_role_while_nothing_is_granted,
);
