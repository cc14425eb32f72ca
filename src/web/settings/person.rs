//! `/settings/people/{id}`: one person as an administrator sees them.

use askama::Template;
use axum::{
    extract::State,
    response::{Html, IntoResponse, Response},
};

use crate::{
    domain::{id::PersonId, person::Person, secret::Secret, session::browser_in_words},
    store::{groups, identities, people, second_steps, sessions},
};

use super::{
    super::{
        auth::Visitor,
        error::WebError,
        form::Named,
        state::Web,
        view::{self, Frame, Tab, When},
    },
    account::SessionRow,
};

#[derive(Template)]
#[template(path = "settings/person.html")]
#[expect(clippy::struct_excessive_bools, reason = "a template asks many yes-or-no questions")]
struct PersonPage {
    frame: Frame,
    id: String,
    email: String,
    role: &'static str,
    since: When,
    disabled: Option<When>,
    own: bool,
    has_password: bool,
    second_step: bool,
    role_by_provider: bool,
    groups: String,
    identities: Vec<(String, String)>,
    sessions: Vec<SessionRow>,
}

/// `GET /settings/people/{id}`
pub async fn show(
    State(web): State<Web>,
    visitor: Visitor,
    Named(id): Named<String>,
) -> Result<Html<String>, WebError> {
    visitor.require_admin(&web, "look at a person").await?;
    let id = PersonId::from_trusted(id);
    let now = web.desk.clock.now();
    let mut conn = web.desk.db.read().await?;
    let (person, hash) = people::find_by_id(&mut conn, &id).await?.ok_or(WebError::NotFound)?;
    let path = format!("/settings/people/{id}");
    let frame = view::frame(&mut conn, &web, &visitor, Tab::Settings, &person.email, &path).await?;
    let step = second_steps::find(&mut conn, &id).await?;
    let identities = identities::of_person(&mut conn, &id).await?;
    let groups = groups::of_person(&mut conn, &id).await?.join(", ");
    let listed = sessions::of_person(&mut conn, &id, now, web.options.ways.session).await?;
    drop(conn);
    let row = |session: sessions::Listed| SessionRow {
        id: session.hash.handle(),
        browser: browser_in_words(&session.user_agent),
        way: session.sign_in,
        address: session.client_address,
        since: When::new(session.created_at, now),
        used: When::new(session.last_seen_at, now),
        own: visitor.session.as_ref() == Some(&session.hash),
    };
    view::page(&PersonPage {
        frame,
        id: id.to_string(),
        role: person.role.as_str(),
        since: When::new(person.created_at, now),
        disabled: person.disabled_at.map(|at| When::new(at, now)),
        own: visitor.is(&person),
        has_password: !hash.is_empty(),
        second_step: step.is_some_and(|step| step.confirmed_at.is_some()),
        role_by_provider: !identities.is_empty() && web.options.ways.external.roles.is_by_provider(),
        groups,
        identities,
        sessions: listed.into_iter().map(row).collect(),
        email: person.email,
    })
}

/// The page with a one-time link: the only time that it is shown.
#[derive(Template)]
#[template(path = "settings/link.html")]
pub struct LinkMade {
    frame: Frame,
    email: String,
    id: String,
    link: String,
    new: bool,
}

impl LinkMade {
    pub async fn page(
        web: &Web,
        visitor: &Visitor,
        person: &Person,
        link: &Secret,
        new: bool,
    ) -> Result<Response, WebError> {
        let mut conn = web.desk.db.read().await?;
        let frame = view::frame(&mut conn, web, visitor, Tab::Settings, "A link", "/settings/people").await?;
        drop(conn);
        let base = &visitor.acting.origin.base_url;
        let page = view::page(&Self {
            frame,
            email: person.email.clone(),
            id: person.id.to_string(),
            link: format!("{base}/password?key={}", link.reveal()),
            new,
        })?;
        Ok(page.into_response())
    }
}
