//! Groups of people: the page and its forms.

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use crate::{
    commands::{self, CommandError},
    domain::{
        access::grant::{GroupError, parse_group},
        id::PersonId,
        sign_in::person::{Email, Person},
    },
    http::{error::HttpError, session::Visitor, state::AppState},
    store::{StoreError, access::local_groups, sign_in::people},
    web::saved::saved,
};

use super::{
    super::{
        form::{Field, FormBody},
        view::{self, Frame},
    },
    frame,
};

const PATH: &str = "/settings/groups";
const MEMBER: &str = "change the members of a group";
/// The numbers of groups and members that are shown.
const GROUPS: usize = 500;
const MEMBERS: usize = 5_000;

#[derive(Template)]
#[template(path = "settings/groups.html")]
struct Page {
    frame: Frame,
    name: Field,
    groups: Vec<Group>,
    provided: Vec<Group>,
    people: Vec<Person>,
}

struct Group {
    name: String,
    members: Vec<local_groups::Member>,
    /// Whom to add, as it was typed.
    person: Field,
}

impl Group {
    /// `3 members`
    fn members_counted(&self) -> String {
        match self.members.len() {
            1 => "1 member".to_owned(),
            many => format!("{many} members"),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
pub struct GroupForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    person: String,
}

/// `GET /settings/groups`
pub async fn show(State(app): State<AppState>, visitor: Visitor) -> Result<Html<String>, HttpError> {
    visitor.require_admin(&app, "see the groups").await?;
    render(&app, &visitor, Field::default(), None).await
}

/// `POST /settings/groups`
pub async fn add(
    State(app): State<AppState>,
    visitor: Visitor,
    FormBody(form): FormBody<GroupForm>,
) -> Result<Response, HttpError> {
    let what = "add a group";
    visitor.require_admin(&app, what).await?;
    let mut name = Field::new(form.name.clone());
    let added = match name.check(parse_group(&form.name)) {
        None => None,
        Some(parsed) => match commands::add_group(&app.context, &visitor.acting, &parsed).await {
            Err(CommandError::Group(error)) => name.check(Err(error)),
            other => Some(other?),
        },
    };
    if added.is_none() {
        visitor.refuse_invalid(&app, what, None, name.error.as_deref().unwrap_or_default()).await?;
        let page = render(&app, &visitor, name, None).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    Ok(saved(PATH).into_response())
}

/// `POST /settings/groups/delete`
pub async fn delete(
    State(app): State<AppState>,
    visitor: Visitor,
    FormBody(form): FormBody<GroupForm>,
) -> Result<Response, HttpError> {
    let what = "delete a group";
    visitor.require_admin(&app, what).await?;
    let done = commands::delete_group(&app.context, &visitor.acting, &form.name).await;
    answer(&app, &visitor, what, &form, done).await
}

/// `POST /settings/groups/members`
pub async fn add_member(
    State(app): State<AppState>,
    visitor: Visitor,
    FormBody(form): FormBody<GroupForm>,
) -> Result<Response, HttpError> {
    visitor.require_admin(&app, MEMBER).await?;
    let done = match named_person(&app, &form.person).await? {
        Some(person) => commands::add_member(&app.context, &visitor.acting, &form.name, &person).await,
        None => Err(no_person(&app, &form.name).await?),
    };
    answer(&app, &visitor, MEMBER, &form, done).await
}

/// `POST /settings/groups/members/remove`
pub async fn remove_member(
    State(app): State<AppState>,
    visitor: Visitor,
    FormBody(form): FormBody<GroupForm>,
) -> Result<Response, HttpError> {
    visitor.require_admin(&app, MEMBER).await?;
    let done = match PersonId::parse(&form.person) {
        Some(person) => commands::remove_member(&app.context, &visitor.acting, &form.name, &person).await,
        None => Err(no_person(&app, &form.name).await?),
    };
    answer(&app, &visitor, MEMBER, &form, done).await
}

/// The person of this name, as people choose or type it, or of this ID.
async fn named_person(app: &AppState, typed: &str) -> Result<Option<PersonId>, StoreError> {
    let found = people::find(&mut *app.context.db.read().await?, &Email::label(typed)).await?;
    Ok(found.map(|(person, _)| person.id).or_else(|| PersonId::parse(typed)))
}

/// The error for a form that names no person. If the group does not exist either, `NotFound` comes first.
async fn no_person(app: &AppState, group: &str) -> Result<CommandError, StoreError> {
    let is_there = local_groups::exists(&mut *app.context.db.read().await?, group).await?;
    Ok(if is_there { GroupError::NoPerson.into() } else { CommandError::NotFound })
}

/// Redirects to the page, or shows it with what was wrong.
async fn answer(
    app: &AppState,
    visitor: &Visitor,
    what: &str,
    form: &GroupForm,
    done: Result<(), CommandError>,
) -> Result<Response, HttpError> {
    let problem = match visitor.keep(app, what, done).await {
        Err(CommandError::Group(error @ GroupError::NoPerson)) => error.to_string(),
        // Somebody else has already made the same change, so there is nothing to report.
        Err(CommandError::TooLate) => return Ok(Redirect::to(PATH).into_response()),
        other => {
            other?;
            return Ok(saved(PATH).into_response());
        }
    };
    let person = Field { value: form.person.clone(), error: Some(problem) };
    let page = render(app, visitor, Field::default(), Some((form.name.clone(), person))).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

async fn render(
    app: &AppState,
    visitor: &Visitor,
    name: Field,
    mut typed: Option<(String, Field)>,
) -> Result<Html<String>, HttpError> {
    let mut conn = app.context.db.read().await?;
    let frame = frame(&mut conn, app, visitor, PATH).await?;
    let names = local_groups::list(&mut conn, GROUPS).await?;
    let provided = local_groups::provided(&mut conn, GROUPS).await?;
    let members = local_groups::members(&mut conn, MEMBERS).await?;
    let mut people = people::list(&mut conn).await?;
    drop(conn);
    people.retain(|person| person.disabled_at.is_none());
    let mut group = |name: String, source: &str| Group {
        members: members
            .iter()
            .filter(|one| one.group_name == name && one.source == source)
            .cloned()
            .collect(),
        person: typed.take_if(|(group, _)| *group == name).map(|(_, typed)| typed).unwrap_or_default(),
        name,
    };
    view::page(&Page {
        frame,
        name,
        groups: names.into_iter().map(|name| group(name, "local")).collect(),
        provided: provided.into_iter().map(|name| group(name, "provider")).collect(),
        people,
    })
}
