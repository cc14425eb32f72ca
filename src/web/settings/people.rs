//! `/settings/people`: the list of people, and the form for adding one.

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use serde::Deserialize;

use crate::{
    commands::{self, CommandError},
    domain::{
        access::Role,
        sign_in::person::{Email, Person, PersonError},
    },
    http::{error::HttpError, session::Visitor, state::AppState},
    store::sign_in::{password_links, people, second_steps},
};

use super::{
    super::{
        form::{Field, FormBody},
        view::{self, Frame, Tab, When},
    },
    person::LinkMade,
};

#[derive(Template)]
#[template(path = "settings/people.html")]
struct PeoplePage {
    frame: Frame,
    people: Vec<PersonRow>,
    email: Field,
    role: &'static str,
    role_error: Option<&'static str>,
}

struct PersonRow {
    id: String,
    email: String,
    role: &'static str,
    way: &'static str,
    second_step: bool,
    disabled: bool,
    own: bool,
    since: When,
}

/// `GET /settings/people`
pub async fn list(State(app): State<AppState>, visitor: Visitor) -> Result<Html<String>, HttpError> {
    visitor.require_admin(&app, "look at the people").await?;
    page(&app, &visitor, Field::default(), Some(Role::Operator)).await
}

async fn page(
    app: &AppState,
    visitor: &Visitor,
    email: Field,
    role: Option<Role>,
) -> Result<Html<String>, HttpError> {
    let now = app.context.clock.now();
    let mut conn = app.context.db.read().await?;
    let frame = view::frame(&mut conn, app, visitor, Tab::Settings, "People", "/settings/people").await?;
    let everybody = people::list(&mut conn).await?;
    let with_step = second_steps::people(&mut conn).await?;
    let with_password = people::with_password(&mut conn).await?;
    let invited = password_links::invited(&mut conn, now).await?;
    drop(conn);
    let way = |person: &Person| {
        if with_password.contains(&person.id) {
            "password"
        } else if invited.contains(&person.id) {
            "invited, not set yet"
        } else {
            "none here"
        }
    };
    let row = |person: Person| PersonRow {
        role: person.role.as_str(),
        way: way(&person),
        second_step: with_step.contains(&person.id),
        disabled: person.disabled_at.is_some(),
        own: visitor.is(&person),
        since: When::new(person.created_at, now),
        id: person.id.to_string(),
        email: person.email,
    };
    view::page(&PeoplePage {
        frame,
        people: everybody.into_iter().map(row).collect(),
        email,
        role: role.map_or("", Role::as_str),
        role_error: role.is_none().then_some("Choose viewer, operator or admin."),
    })
}

#[derive(Debug, Deserialize)]
pub struct AddForm {
    #[serde(default)]
    email: String,
    #[serde(default)]
    role: String,
}

/// `POST /settings/people`: adds a person and shows the link with which they set their password, once.
pub async fn add(
    State(app): State<AppState>,
    visitor: Visitor,
    FormBody(form): FormBody<AddForm>,
) -> Result<Response, HttpError> {
    visitor.require_admin(&app, "add a person").await?;
    let mut email = Field::new(form.email.trim());
    let address = email.check(Email::parse(&form.email));
    let role = Role::parse(&form.role);
    let (Some(address), Some(role)) = (address, role) else {
        let why = email.error.clone().unwrap_or_else(|| "there is no such role".to_owned());
        return refused(&app, &visitor, email, role, &why).await;
    };
    match commands::invite_person(&app.context, &visitor.acting, &address, role).await {
        Ok((person, link)) => LinkMade::page(&app, &visitor, &person, &link, true).await,
        Err(CommandError::Person(error @ PersonError::Exists)) => {
            email.error = Some(error.to_string());
            refused(&app, &visitor, email, Some(role), "the address is taken").await
        }
        Err(error) => Err(error.into()),
    }
}

async fn refused(
    app: &AppState,
    visitor: &Visitor,
    email: Field,
    role: Option<Role>,
    why: &str,
) -> Result<Response, HttpError> {
    visitor.refuse_invalid(app, "add a person", None, why).await?;
    let page = page(app, visitor, email, role).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}
