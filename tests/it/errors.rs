//! What errors look like where they are printed.

use std::{error::Error, io, net::SocketAddr, path::Path};

use unstale::{
    app::AppError,
    app::WebhookError,
    commands::CommandError,
    domain::{access::grant::GrantError, causes::with_causes},
    outgoing::OutgoingError,
    store::{StoreError, instance_lock},
    workers::{CheckError, PostError, open_key},
};

use crate::support::{Database, Engine};

/// What lies beneath, by words that nothing else says.
fn beneath() -> io::Error {
    io::Error::other("wires cut")
}

fn away() -> StoreError {
    StoreError::from(sqlx::Error::Io(beneath()))
}

#[test]
fn an_error_is_printed_with_each_cause_once() {
    let address = SocketAddr::from(([127, 0, 0, 1], 80));
    let errors: [(Box<dyn Error>, &str); 12] = [
        (away().into(), "the database is out of reach: "),
        (StoreError::Full(sqlx::Error::Io(beneath())).into(), "the disk of the database is full: "),
        (StoreError::Duplicate(sqlx::Error::Io(beneath())).into(), "a row like this exists already: "),
        (StoreError::Database(sqlx::Error::Io(beneath())).into(), "the database answered with an error: "),
        (CommandError::Store(away()).into(), "the database is out of reach: "),
        (AppError::Store(away()).into(), "the database: the database is out of reach: "),
        (AppError::Op(CommandError::Store(away())).into(), "the database is out of reach: "),
        (AppError::Listen(address, beneath()).into(), "cannot listen on 127.0.0.1:80: "),
        (AppError::Io(beneath()).into(), ""),
        (
            WebhookError::Post(PostError::Client("wires cut".to_owned())).into(),
            "UNSTALE_AUDIT_WEBHOOK cannot be called: ",
        ),
        (
            CheckError::Store(away()).into(),
            "the history could not be checked: the database is out of reach: ",
        ),
        (OutgoingError::Certificates(beneath()).into(), "this system's certificates cannot be read: "),
    ];
    for (error, begin) in errors {
        let words = with_causes(&*error);
        assert!(words.starts_with(begin), "{words}");
        assert_eq!(words.matches("wires cut").count(), 1, "{words}");
        let hidden = error.source().is_none_or(|cause| !error.to_string().contains(&cause.to_string()));
        assert!(hidden, "its own words have those of its source: {error}");
    }
}

#[test]
fn what_only_passes_an_error_on_adds_no_words() {
    let words = GrantError::NoPlace.to_string();
    assert_eq!(with_causes(&CommandError::Grant(GrantError::NoPlace)), words);
    let locked = instance_lock::take(Path::new("/dev/null/unstale.db")).unwrap_err();
    let words = with_causes(&locked);
    assert_eq!(with_causes(&AppError::Locked(locked)), words);
    let key = open_key(Path::new("/dev/null/key")).unwrap_err();
    let words = with_causes(&key);
    assert!(words.contains("UNSTALE_AUDIT_KEY=") && words.matches("Not a directory").count() == 1, "{words}");
    assert_eq!(with_causes(&AppError::Key(key)), words);
}

#[tokio::test]
async fn words_that_a_library_says_twice_are_printed_once() {
    let database = Database::new(Engine::Sqlite).await;
    let mut raw = database.raw().await;
    let refused = raw.run("SELECT 1 FROM no_such_table").await.unwrap_err();
    let source = refused.source().map(ToString::to_string).unwrap_or_default();
    assert!(refused.to_string().contains(&source), "sqlx says it once now: with_causes can do less");
    let words = with_causes(&StoreError::from(refused));
    assert_eq!(words.matches("no such table").count(), 1, "{words}");
    database.remove().await;
}
