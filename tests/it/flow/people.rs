//! The first account, signing in and out.

use unstale::{
    commands::{self, CommandError, SetUp, SignIn},
    domain::{
        access::Role,
        actor::{Acting, Origin},
        secret::Secret,
        sign_in::{
            person::{Email, PersonError},
            session::SessionLimits,
        },
    },
    store::sign_in::sessions,
};

use crate::support::{World, seconds};

const PASSWORD: &str = "correct horse battery";

fn email() -> Email {
    Email::parse("ada@example.com").unwrap()
}

async fn is_signed_in(world: &World, secret: &Secret) -> bool {
    let hash = secret.hash();
    let now = world.now();
    let found = world
        .database
        .get(async |conn| sessions::find(conn, &hash, now, SessionLimits::default()).await)
        .await;
    found.is_some()
}

#[tokio::test]
async fn the_first_account_is_set_up_with_the_link_once() {
    let world = World::new().await;
    world.without_people().await;
    let before = world.head().await;
    let first = commands::make_set_up_link(&world.command_context).await.unwrap().unwrap();
    let link = commands::make_set_up_link(&world.command_context).await.unwrap().unwrap();
    let origin = Origin::default();
    let set_up = async |link: &Secret| {
        commands::set_up(&world.command_context, &origin, link, &email(), PASSWORD).await.unwrap()
    };
    assert!(matches!(set_up(&first).await, SetUp::LinkIsNotGood), "a newer link ends the older");
    let SetUp::Done(signed_in) = set_up(&link).await else { panic!("the link was good") };
    assert_eq!(signed_in.person.role, Role::Admin);
    assert!(is_signed_in(&world, &signed_in.secret).await);
    assert!(matches!(set_up(&link).await, SetUp::LinkIsNotGood), "it is used up");
    assert!(
        commands::make_set_up_link(&world.command_context).await.unwrap().is_none(),
        "there is an account"
    );
    let expected = [
        "unstale.set_up_link_made",
        "unstale.set_up_link_made",
        "act.refused",
        "person.added",
        "unstale.set_up",
        "person.signed_in",
        "act.refused",
    ];
    assert_eq!(world.events_after(before).await, expected);
    world.finish().await;
}

#[tokio::test]
async fn a_set_up_link_ends_after_a_day() {
    let world = World::new().await;
    world.without_people().await;
    let link = commands::make_set_up_link(&world.command_context).await.unwrap().unwrap();
    world.advance(seconds(24 * 3_600));
    let late = commands::set_up(&world.command_context, &Origin::default(), &link, &email(), PASSWORD)
        .await
        .unwrap();
    assert!(matches!(late, SetUp::LinkIsNotGood));
    world.finish().await;
}

#[tokio::test]
async fn signing_in_and_out_is_in_the_history() {
    let world = World::new().await;
    let before = world.head().await;
    let acting = Acting::service();
    commands::add_person(&world.command_context, &acting, &email(), Role::Operator, PASSWORD).await.unwrap();
    let again = commands::add_person(&world.command_context, &acting, &email(), Role::Viewer, PASSWORD).await;
    assert!(matches!(again, Err(CommandError::Person(PersonError::Exists))), "{again:?}");
    let origin = Origin { client_address: "192.0.2.9".to_owned(), ..Origin::default() };
    let wrong = commands::sign_in(&world.command_context, &origin, &email(), "wrong horse battery", false)
        .await
        .unwrap();
    assert!(matches!(wrong, SignIn::Refused));
    let right = commands::sign_in(&world.command_context, &origin, &email(), PASSWORD, false).await.unwrap();
    let SignIn::Done(signed_in) = right else { panic!("{right:?}") };
    assert!(is_signed_in(&world, &signed_in.secret).await);
    commands::end_session(&world.command_context, &acting, &signed_in.secret.hash()).await.unwrap();
    commands::end_session(&world.command_context, &acting, &signed_in.secret.hash()).await.unwrap();
    assert!(!is_signed_in(&world, &signed_in.secret).await);
    let expected = ["person.added", "person.sign_in_refused", "person.signed_in", "person.signed_out"];
    assert_eq!(world.events_after(before).await, expected);
    let history = world.history().await;
    let text = format!("{history:?}");
    assert!(!text.contains(PASSWORD) && !text.contains("wrong horse"), "a password is in the history");
    assert!(!text.contains(signed_in.secret.reveal()), "a session's secret is in the history");
    world.finish().await;
}

#[tokio::test]
async fn a_session_is_opened_for_somebody_known_by_other_means() {
    let world = World::new().await;
    let ada =
        commands::add_person(&world.command_context, &Acting::service(), &email(), Role::Viewer, PASSWORD)
            .await
            .unwrap();
    let signed_in = commands::open_session(&world.command_context, &Origin::default(), ada).await.unwrap();
    assert!(is_signed_in(&world, &signed_in.secret).await);
    world.advance(SessionLimits::default().idle);
    assert!(!is_signed_in(&world, &signed_in.secret).await);
    world.finish().await;
}
