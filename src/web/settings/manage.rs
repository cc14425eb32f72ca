//! The forms with which an administrator changes a person.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use crate::{
    commands::{self, CommandError},
    domain::{access::Role, id::PersonId},
    http::{error::HttpError, params::PathParams, session::Visitor, state::AppState},
    store::sign_in::people,
    web::saved::saved,
};

use super::{super::form::FormBody, person::LinkMade};

#[derive(Debug, Deserialize)]
pub struct RoleForm {
    #[serde(default)]
    role: String,
}

/// `POST /settings/people/{id}/role`
pub async fn role(
    State(app): State<AppState>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
    FormBody(form): FormBody<RoleForm>,
) -> Result<Response, HttpError> {
    let what = "change a role";
    visitor.require_admin(&app, what).await?;
    let Some(role) = Role::parse(&form.role) else {
        visitor.refuse_invalid(&app, what, None, "there is no such role").await?;
        let why = "There is no such role. Nothing was changed. Choose viewer, operator or admin.";
        return Err(HttpError::BadRequest(why.to_owned()));
    };
    let id = named(&app, &visitor, what, &id).await?;
    let done = commands::change_role(&app.context, &visitor.acting, &id, role).await;
    answer(&app, &visitor, &id, what, done).await
}

/// `POST /settings/people/{id}/everything`
pub async fn everything(
    State(app): State<AppState>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
) -> Result<Response, HttpError> {
    let what = "let a person act everywhere";
    visitor.require_admin(&app, what).await?;
    let id = named(&app, &visitor, what, &id).await?;
    let done = commands::widen_person(&app.context, &visitor.acting, &id).await;
    answer(&app, &visitor, &id, what, done).await
}

/// `POST /settings/people/{id}/disable`
pub async fn disable(
    State(app): State<AppState>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
) -> Result<Response, HttpError> {
    let what = "disable a person";
    visitor.require_admin(&app, what).await?;
    let id = named(&app, &visitor, what, &id).await?;
    let done = commands::disable_person(&app.context, &visitor.acting, &id).await;
    answer(&app, &visitor, &id, what, done).await
}

/// `POST /settings/people/{id}/enable`
pub async fn enable(
    State(app): State<AppState>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
) -> Result<Response, HttpError> {
    let what = "enable a person";
    visitor.require_admin(&app, what).await?;
    let id = named(&app, &visitor, what, &id).await?;
    let done = commands::enable_person(&app.context, &visitor.acting, &id).await;
    answer(&app, &visitor, &id, what, done).await
}

/// `POST /settings/people/{id}/reset-password`: shows the one-time link, once.
pub async fn reset_password(
    State(app): State<AppState>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
) -> Result<Response, HttpError> {
    let what = "reset a password";
    visitor.require_admin(&app, what).await?;
    let id = named(&app, &visitor, what, &id).await?;
    match commands::reset_password_with_link(&app.context, &visitor.acting, &id).await {
        Ok((person, link)) => LinkMade::page(&app, &visitor, &person, &link, false).await,
        Err(error) => answer(&app, &visitor, &id, what, Err(error)).await,
    }
}

/// `POST /settings/people/{id}/second-step/remove`
pub async fn remove_second_step(
    State(app): State<AppState>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
) -> Result<Response, HttpError> {
    let what = "remove a second step";
    visitor.require_admin(&app, what).await?;
    let id = named(&app, &visitor, what, &id).await?;
    let done = commands::take_second_step_away(&app.context, &visitor.acting, &id, None).await.map(|_| ());
    answer(&app, &visitor, &id, what, done).await
}

/// `POST /settings/people/{id}/sessions/end`
pub async fn end_sessions(
    State(app): State<AppState>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
) -> Result<Response, HttpError> {
    let what = "end sessions";
    visitor.require_admin(&app, what).await?;
    let id = named(&app, &visitor, what, &id).await?;
    let found = people::find_by_id(&mut *app.context.db.read().await?, &id).await?;
    let done = match found {
        Some((person, _)) => {
            commands::end_sessions(&app.context, &visitor.acting, &person, None).await.map(|_| ())
        }
        None => Err(CommandError::NotFound),
    };
    answer(&app, &visitor, &id, what, done).await
}

/// The ID of a person from the address. Text that cannot be an ID is recorded and answered with 404.
async fn named(app: &AppState, visitor: &Visitor, what: &str, id: &str) -> Result<PersonId, HttpError> {
    match PersonId::parse(id) {
        Some(id) => Ok(id),
        None => Err(visitor.no_such(app, what).await),
    }
}

/// Redirects to the person's page. A failure is recorded in the history.
async fn answer(
    app: &AppState,
    visitor: &Visitor,
    id: &PersonId,
    what: &str,
    done: Result<(), CommandError>,
) -> Result<Response, HttpError> {
    visitor.keep(app, what, done).await?;
    Ok(saved(&format!("/settings/people/{id}")).into_response())
}
