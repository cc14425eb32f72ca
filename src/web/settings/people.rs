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
    http::{error::HttpError, params::QueryParams, session::Visitor, state::AppState},
    store::{
        Conn, StoreError,
        sign_in::{
            password_links,
            people::{self, PeopleColumn},
            second_steps,
        },
    },
};

use super::{
    super::{
        form::{Field, FormBody},
        view::{self, Frame, SortHead, SortOrder, Tab, When},
    },
    person::LinkMade,
};

/// The number of people on a page.
const PAGE: usize = 100;
/// The columns that the list can be ordered by, with their names in addresses.
const COLUMNS: [(&str, PeopleColumn); 3] =
    [("email", PeopleColumn::Email), ("role", PeopleColumn::Role), ("since", PeopleColumn::Since)];

#[derive(Template)]
#[template(path = "settings/people.html")]
struct PeoplePage {
    frame: Frame,
    list: PeopleList,
    email: Field,
    role: &'static str,
    role_error: Option<&'static str>,
}

/// A page of the list.
struct PeopleList {
    query: String,
    /// How many there are, of those that were searched for.
    found: usize,
    known: usize,
    by_email: SortHead,
    by_role: SortHead,
    by_since: SortHead,
    people: Vec<PersonRow>,
    /// The addresses of the first page, if this is not the first, and of the next one.
    first: Option<String>,
    next: Option<String>,
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

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PeopleQuery {
    q: String,
    sort: String,
    /// How many people the pages before have.
    after: usize,
}

impl PeopleQuery {
    fn address(&self, sort: &str, after: usize) -> String {
        let after = if after > 0 { after.to_string() } else { String::new() };
        view::address("/settings/people", &[("q", self.q.trim()), ("sort", sort), ("after", &after)])
    }
}

/// `GET /settings/people`
pub async fn list(
    State(app): State<AppState>,
    visitor: Visitor,
    QueryParams(wanted): QueryParams<PeopleQuery>,
) -> Result<Html<String>, HttpError> {
    visitor.require_admin(&app, "look at the people").await?;
    page(&app, &visitor, &wanted, Field::default(), Some(Role::Operator)).await
}

async fn page(
    app: &AppState,
    visitor: &Visitor,
    wanted: &PeopleQuery,
    email: Field,
    role: Option<Role>,
) -> Result<Html<String>, HttpError> {
    let mut conn = app.context.db.read().await?;
    let frame = view::frame(&mut conn, app, visitor, Tab::Settings, "People", "/settings/people").await?;
    let list = read(&mut conn, app, visitor, wanted).await?;
    drop(conn);
    view::page(&PeoplePage {
        frame,
        list,
        email,
        role: role.map_or("", Role::as_str),
        role_error: role.is_none().then_some("Choose viewer, operator or admin."),
    })
}

async fn read(
    conn: &mut Conn,
    app: &AppState,
    visitor: &Visitor,
    wanted: &PeopleQuery,
) -> Result<PeopleList, StoreError> {
    let now = app.context.clock.now();
    let query = wanted.q.trim();
    let sort = SortOrder::parse(&wanted.sort, &COLUMNS);
    let mut people =
        people::page(conn, query, (sort.column, sort.descending), (wanted.after, PAGE + 1)).await?;
    let has_more = people.len() > PAGE;
    people.truncate(PAGE);
    let with_step = second_steps::people(conn).await?;
    let with_password = people::with_password(conn).await?;
    let invited = password_links::invited(conn, now).await?;
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
    let head = |index: usize, label| sort.head(COLUMNS[index], label, |sort| wanted.address(sort, 0));
    Ok(PeopleList {
        found: people::count(conn, query).await?,
        known: people::count(conn, "").await?,
        by_email: head(0, "E-mail"),
        by_role: head(1, "Role"),
        by_since: head(2, "Since (UTC)"),
        people: people.into_iter().map(row).collect(),
        first: (wanted.after > 0).then(|| wanted.address(&wanted.sort, 0)),
        next: has_more.then(|| wanted.address(&wanted.sort, wanted.after + PAGE)),
        query: query.to_owned(),
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
    let page = page(app, visitor, &PeopleQuery::default(), email, role).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}
