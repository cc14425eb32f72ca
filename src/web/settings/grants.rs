//! Grants: the page, its form, and the removal of a grant.

use std::{cmp::Ordering, collections::HashMap};

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use crate::{
    commands::{self, CommandError, new_uuid},
    domain::{
        access::{
            Role,
            grant::{Grant, GrantError, GrantPlace, Subject, SubjectKind, parse_grant_scope, parse_place},
        },
        id::GrantId,
    },
    http::{
        error::HttpError,
        params::{PathParams, QueryParams},
        session::Visitor,
        state::AppState,
    },
    store::{
        Conn, StoreError,
        access::{grants, local_groups},
        distributions,
        sign_in::people,
        tokens,
    },
    web::saved::saved,
};

use super::{
    super::{
        form::FormBody,
        view::{self, Frame, Offer, Picker, SortHead, SortOrder},
    },
    frame,
};

const PATH: &str = "/settings/grants";
const ADD: &str = "add a grant";
/// The number of grants and groups that are shown.
const SHOWN: usize = 2_000;
/// The columns that the list can be ordered by, with their names in addresses.
const COLUMNS: [(&str, GrantColumn); 2] = [("for", GrantColumn::Subject), ("where", GrantColumn::Place)];

/// A column of the list that it can be ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum GrantColumn {
    Subject,
    Place,
}

impl GrantColumn {
    /// Compares without case. Rows that are equal in this column are ordered by the other one.
    fn compare(self, a: &Row, b: &Row) -> Ordering {
        let (subject, place) = (|row: &Row| row.subject.to_lowercase(), |row: &Row| row.place.to_lowercase());
        let (by_subject, by_place) = (subject(a).cmp(&subject(b)), place(a).cmp(&place(b)));
        match self {
            Self::Subject => by_subject.then(by_place),
            Self::Place => by_place.then(by_subject),
        }
    }
}

#[derive(Template)]
#[template(path = "settings/grants.html")]
struct Page {
    frame: Frame,
    form: GrantForm,
    errors: Errors,
    subjects: Vec<GrantChoice>,
    picker: Picker,
    heads: [SortHead; 2],
    grants: Vec<Row>,
}

/// An option of a list.
struct GrantChoice {
    value: String,
    label: String,
    chosen: bool,
}

struct Row {
    id: String,
    kind: &'static str,
    subject: String,
    place: String,
    scope: String,
}

/// What is wrong with each field.
#[derive(Debug, Default)]
struct Errors {
    subject: Option<String>,
    place: Option<String>,
    scope: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct GrantForm {
    #[serde(default)]
    subject: String,
    #[serde(default)]
    distribution: String,
    #[serde(default)]
    tag: String,
    #[serde(default)]
    paths: String,
    everything: Option<String>,
    with_tags: Option<String>,
    #[serde(default)]
    tags: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct GrantsQuery {
    sort: String,
    /// For whom the form is filled in: `person:ID`.
    subject: String,
}

/// `GET /settings/grants`
pub async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    QueryParams(wanted): QueryParams<GrantsQuery>,
) -> Result<Html<String>, HttpError> {
    visitor.require_admin(&app, "see the grants").await?;
    let form = GrantForm { subject: wanted.subject, ..GrantForm::default() };
    render(&app, &visitor, &wanted.sort, form, Errors::default()).await
}

/// `POST /settings/grants`
pub async fn add(
    State(app): State<AppState>,
    visitor: Visitor,
    FormBody(form): FormBody<GrantForm>,
) -> Result<Response, HttpError> {
    visitor.require_admin(&app, ADD).await?;
    let names = names(&mut *app.context.db.read().await?).await?;
    let grant = match read(&app, &form, &names).await? {
        Ok(grant) => grant,
        Err(errors) => return again(&app, &visitor, form, errors).await,
    };
    match commands::add_grant(&app.context, &visitor.acting, &grant, &name_of(&grant, &names)).await {
        Err(CommandError::Grant(error)) => {
            let errors = Errors { subject: Some(error.to_string()), ..Errors::default() };
            again(&app, &visitor, form, errors).await
        }
        other => {
            other?;
            Ok(saved(PATH).into_response())
        }
    }
}

/// `POST /settings/grants/{id}/remove`
pub async fn remove(
    State(app): State<AppState>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
) -> Result<Redirect, HttpError> {
    let what = "remove a grant";
    visitor.require_admin(&app, what).await?;
    let Some(id) = GrantId::parse(&id) else { return Err(visitor.no_such(&app, what).await) };
    let names = names(&mut *app.context.db.read().await?).await?;
    let done =
        commands::remove_grant(&app.context, &visitor.acting, &id, |grant| name_of(grant, &names)).await;
    visitor.keep(&app, what, done).await?;
    Ok(saved(PATH))
}

/// Reads the form. The inner `Err` says what is wrong with each field.
async fn read(
    app: &AppState,
    form: &GrantForm,
    names: &HashMap<String, SubjectName>,
) -> Result<Result<Grant, Errors>, StoreError> {
    let mut errors = Errors::default();
    let known =
        |subject: &Subject| subject.kind != SubjectKind::Token && names.contains_key(&subject.to_string());
    let subject = Subject::parse(&form.subject).filter(known);
    if subject.is_none() {
        errors.subject = Some(GrantError::NoSubject.to_string());
    }
    let mut place = parse_place(&form.distribution, &form.tag);
    if let Ok(GrantPlace::Distribution(id)) = &place
        && distributions::find(&mut *app.context.db.read().await?, id).await?.is_none()
    {
        place = Err(GrantError::NoPlace);
    }
    errors.place = place.as_ref().err().map(ToString::to_string);
    let tags = form.with_tags.as_ref().map(|_| form.tags.as_str());
    let scope = parse_grant_scope(&form.paths, tags, form.everything.is_some());
    errors.scope = scope.as_ref().err().map(ToString::to_string);
    Ok(match (subject, place, scope) {
        (Some(subject), Ok(place), Ok(scope)) => {
            Ok(Grant { id: GrantId::new(new_uuid()), subject, place, scope })
        }
        _ => Err(errors),
    })
}

/// A person, a group or a token that a grant is for or may be for.
struct SubjectName {
    name: String,
    /// Grants restrict nobody who is an administrator, and a token gets its grants when it is created.
    is_offered: bool,
    is_viewer: bool,
}

impl SubjectName {
    fn new(name: String) -> Self {
        Self { name, is_offered: true, is_viewer: false }
    }
}

/// The names of all people, groups and tokens, by the values that the form uses.
async fn names(conn: &mut Conn) -> Result<HashMap<String, SubjectName>, StoreError> {
    let mut names = HashMap::new();
    for person in people::list(conn).await? {
        let subject = SubjectName {
            is_offered: person.role != Role::Admin,
            is_viewer: person.role == Role::Viewer,
            ..SubjectName::new(person.email)
        };
        names.insert(format!("person:{}", person.id), subject);
    }
    let mut groups = local_groups::list(conn, SHOWN).await?;
    groups.extend(local_groups::provided(conn, SHOWN).await?);
    names.extend(groups.into_iter().map(|name| (format!("group:{name}"), SubjectName::new(name))));
    for token in tokens::list(conn, SHOWN).await? {
        let subject = SubjectName { is_offered: false, ..SubjectName::new(token.name) };
        names.insert(format!("token:{}", token.id), subject);
    }
    Ok(names)
}

fn name_of(grant: &Grant, names: &HashMap<String, SubjectName>) -> String {
    names
        .get(&grant.subject.to_string())
        .map_or_else(|| grant.subject.id.clone(), |subject| subject.name.clone())
}

async fn again(
    app: &AppState,
    visitor: &Visitor,
    form: GrantForm,
    errors: Errors,
) -> Result<Response, HttpError> {
    let wrong = [&errors.subject, &errors.place, &errors.scope];
    let wrong: Vec<&str> = wrong.into_iter().flatten().map(String::as_str).collect();
    visitor.refuse_invalid(app, ADD, None, &wrong.join(" ")).await?;
    let page = render(app, visitor, "", form, errors).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

async fn render(
    app: &AppState,
    visitor: &Visitor,
    sort: &str,
    form: GrantForm,
    errors: Errors,
) -> Result<Html<String>, HttpError> {
    let mut conn = app.context.db.read().await?;
    let frame = frame(&mut conn, app, visitor, PATH).await?;
    let names = names(&mut conn).await?;
    let all = grants::list(&mut conn, SHOWN).await?;
    let distributions = view::distributions(&mut conn, visitor).await?;
    let chosen = distributions.iter().find(|distribution| distribution.id.as_str() == form.distribution);
    let picker = view::picker(&mut conn, visitor, Offer { chosen, find: "", gone: false }).await?;
    drop(conn);
    let row = |grant: &Grant| Row {
        id: grant.id.to_string(),
        kind: grant.subject.kind.as_str(),
        subject: name_of(grant, &names),
        place: view::name_of_place(&grant.place, &distributions),
        scope: grant.scope.describe(),
    };
    let choice =
        |value: String, label: String, wanted: &str| GrantChoice { chosen: value == wanted, value, label };
    let mut subjects: Vec<GrantChoice> = names
        .iter()
        .filter(|(_, subject)| subject.is_offered)
        .map(|(value, SubjectName { name, is_viewer, .. })| {
            let group = value.starts_with(SubjectKind::Group.as_str());
            let label = match (group, is_viewer) {
                (true, _) => format!("{name} (group)"),
                (false, true) => format!("{name} (viewer: may see, not refresh)"),
                (false, false) => name.clone(),
            };
            choice(value.clone(), label, &form.subject)
        })
        .collect();
    subjects.sort_by(|a, b| a.label.cmp(&b.label));
    let mut grants: Vec<Row> = all.iter().map(row).collect();
    let order = SortOrder::parse(sort, &COLUMNS);
    order.apply(&mut grants, GrantColumn::compare);
    let head = |index: usize, label| {
        order.head(COLUMNS[index], label, |sort| view::address(PATH, &[("sort", sort)]))
    };
    let heads = [head(0, "For"), head(1, "Where")];
    view::page(&Page { frame, form, errors, subjects, picker, heads, grants })
}
